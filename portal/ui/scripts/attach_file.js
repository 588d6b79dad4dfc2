// Takes the files that a person chooses and hands each to the portal, one after the other, as it is. The name goes in a
// header, since addresses are written to logs. A file that is empty or too large is refused before anything leaves. The
// address and all words come with the data, already translated; what the portal answers is shown as text.

const NAME_HEADER = "x-file-name";

function put(address, file, progressed) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("PUT", address);
    request.setRequestHeader(NAME_HEADER, encodeURIComponent(file.name.slice(-200)));
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => progressed(event.loaded, event.total));
    request.addEventListener("load", () => {
      const plain = (request.getResponseHeader("content-type") || "").startsWith("text/plain");
      resolve({ done: request.status === 204, said: plain ? request.responseText : "" });
    });
    request.addEventListener("error", () => resolve({ done: false, said: "" }));
    request.send(file);
  });
}

function part(parent, tag, name) {
  let found = parent.querySelector(`${tag}.${name}`);
  if (!found) {
    found = document.createElement(tag);
    found.className = name;
    parent.append(found);
  }
  return found;
}

function line(list, words) {
  const item = document.createElement("li");
  item.textContent = words;
  list.append(item);
}

async function take(input, bar, status, problems, data, finished) {
  const files = [...input.files];
  problems.replaceChildren();
  input.disabled = true;
  let sent = 0;
  for (const file of files) {
    const named = (words) => `${file.name}: ${words}`;
    if (file.size === 0) {
      line(problems, named(data.words.empty));
    } else if (file.size > data.most) {
      line(problems, named(data.words.too_large));
    } else {
      bar.hidden = false;
      bar.value = 0;
      status.textContent = named(data.words.sending);
      const answer = await put(data.address, file, (loaded, total) => {
        bar.value = total ? loaded / total : 0;
        if (total && loaded === total) status.textContent = named(data.words.sealing);
      });
      if (answer.done) sent += 1;
      else line(problems, named(answer.said || data.words.failed));
    }
  }
  bar.hidden = true;
  status.textContent = "";
  input.value = "";
  input.disabled = false;
  if (sent) finished({ sent, problems: [...problems.children].map((item) => item.textContent) });
}

export default function ({ data, parentElement, setTriggerValue }) {
  const label = part(parentElement, "label", "choose");
  const words = part(label, "span", "words");
  const input = part(label, "input", "files");
  const limit = part(parentElement, "p", "limit");
  const bar = part(parentElement, "progress", "bar");
  const status = part(parentElement, "p", "status");
  const problems = part(parentElement, "ul", "problems");
  input.type = "file";
  input.multiple = !data.single;
  words.textContent = data.words.choose;
  limit.textContent = data.words.limit;
  bar.setAttribute("aria-label", data.words.sending);
  status.setAttribute("role", "status");
  problems.setAttribute("role", "alert");
  if (!input.disabled) bar.hidden = true;
  input.onchange = () => take(input, bar, status, problems, data, (told) => setTriggerValue("done", told));
}
