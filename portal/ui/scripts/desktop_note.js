// How an export stands, for whoever does not see it: read out by a screen reader, and for who waits in another window
// a desktop notification, "An export is ready" and nothing about anybody. The notification is off until somebody
// chooses it; the choice stays in this browser. Words come with the data, already translated.

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

// A region that screen readers read out when its words change; it must be there, and empty, a moment before.
function say(place, words) {
  let region = place.querySelector("div.said");
  if (!region) {
    region = document.createElement("div");
    region.className = "said";
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "polite");
    place.append(region);
  }
  region.dataset.next = words;
  setTimeout(() => {
    if (region.textContent !== region.dataset.next) region.textContent = region.dataset.next;
  }, 150);
}

export default function ({ data, parentElement }) {
  if (data.said) say(parentElement, data.said);
  if (!data.export) return;
  if (data.under_way) {
    waitedFor = data.export;
    offer(parentElement, data.words);
  } else if (waitedFor === data.export) {
    waitedFor = "";
    if (document.hidden && chosen()) tell(data.words);
  }
}
