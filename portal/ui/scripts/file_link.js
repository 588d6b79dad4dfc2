// A link to a file, opened in the same window: Streamlit's own link button always opens a new tab with `noreferrer`,
// which WebKit calls a request of another site ("Sec-Fetch-Site: cross-site", WebKitGTK 2.50), so that the portal
// refuses it. The address names a path of the portal; words come already translated.

export default function ({ data, parentElement }) {
  let link = parentElement.querySelector("a");
  if (!link) {
    link = document.createElement("a");
    const icon = document.createElement("span");
    icon.className = "icon";
    icon.setAttribute("aria-hidden", "true");
    link.append(icon, document.createElement("span"));
    parentElement.append(link);
  }
  const [icon, words] = link.children;
  link.className = data.primary ? "primary" : "";
  link.href = data.address;
  link.title = data.help;
  icon.textContent = data.icon;
  words.textContent = data.words;
}
