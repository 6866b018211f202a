// On the page shown without network: the other pages that this phone can open, by their own titles.

const PAGES = /^qpvmap-pages-/;
const OPENS = /^\/parcours(\/|$)/;

async function keptPages() {
  const found = new Map();
  for (const name of (await caches.keys()).filter((one) => PAGES.test(one))) {
    const pages = await caches.open(name);
    for (const request of await pages.keys()) {
      const { pathname } = new URL(request.url);
      if (OPENS.test(pathname)) found.set(pathname, await titleIn(await pages.match(request)));
    }
  }
  return [...found].sort(([one], [other]) => one.localeCompare(other));
}

/** The title of a page, without the site's name after it. */
async function titleIn(response) {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.title.split(" · ")[0].trim();
}

export async function listKeptPages(section) {
  const links = (await keptPages()).map(([path, title]) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    Object.assign(link, { href: path, textContent: title, className: "btn btn-field btn-block" });
    item.append(link);
    return item;
  });
  section.querySelector("ul").replaceChildren(...links);
  section.hidden = !links.length;
}
