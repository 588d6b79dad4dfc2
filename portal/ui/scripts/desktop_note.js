// A desktop notification for who waits in another window: "An export is ready", and nothing about anybody.
// Off until somebody chooses it; the choice stays in this browser. Words come with the data, already translated.

const CHOICE = "portal.desktop_note";
let waitedFor = ""; // the export that this page saw under way

const chosen = () =>
  "Notification" in window && Notification.permission === "granted" && localStorage.getItem(CHOICE) === "on";

async function choose(box, problem, words) {
  const wanted = box.checked;
  problem.textContent = "";
  if (!wanted) {
    localStorage.removeItem(CHOICE);
    return;
  }
  const allowed = "Notification" in window && (await Notification.requestPermission()) === "granted";
  box.checked = allowed;
  if (allowed) localStorage.setItem(CHOICE, "on");
  else problem.textContent = words.refused;
}

function offer(place, words) {
  if (place.querySelector("input")) return; // drawn already: whoever stands on it with the keyboard stays there
  const label = document.createElement("label");
  const box = document.createElement("input");
  const said = document.createElement("span");
  const problem = document.createElement("p");
  box.type = "checkbox";
  box.checked = chosen();
  said.textContent = words.choice;
  problem.setAttribute("role", "status");
  box.addEventListener("change", () => choose(box, problem, words));
  label.append(box, said);
  place.append(label, problem);
}

function tell(words) {
  const note = new Notification(words.title, { body: words.body, tag: "portal.export" });
  note.addEventListener("click", () => {
    window.focus();
    note.close();
  });
}

export default function ({ data, parentElement }) {
  if (data.under_way) {
    waitedFor = data.export;
    offer(parentElement, data.words);
  } else if (waitedFor === data.export) {
    waitedFor = "";
    if (document.hidden && chosen()) tell(data.words);
  }
}
