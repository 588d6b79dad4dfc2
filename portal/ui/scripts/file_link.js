// A link to a file, opened in the same window: Streamlit's own link button always opens a new tab with `noreferrer`,
// which WebKit calls a request of another site ("Sec-Fetch-Site: cross-site", WebKitGTK 2.50), so that the portal
// refuses it. The address names a path of the portal; words come already translated. A text that the page holds is saved
// from the browser's memory instead: it is asked of nobody.

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
  if (link.download) URL.revokeObjectURL(link.href);
  if (data.text === undefined) {
    link.href = data.address;
    link.target = data.tab ? "_blank" : "";
    link.rel = data.tab ? "noopener" : "";
  } else {
    link.href = URL.createObjectURL(new Blob([data.text], { type: data.media }));
    link.download = data.file_name;
  }
  link.title = data.help;
  icon.textContent = data.icon;
  words.textContent = data.words;
}
