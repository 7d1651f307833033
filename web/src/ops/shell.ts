// The navigation, and which page is shown. A page's code comes when it is first
// opened.

import { byId, h } from "../dom";
import { faultText } from "../faults";
import type { Session } from "../record-shapes";
import { onLanguage, t } from "../text";
import { loading } from "./loading";
import { opens } from "./rights";
import { PAGES, type PageName, REACHED_FROM, parseRoute, routeHash } from "./route";

/** A page draws itself into the host for what the address says. */
export interface PageView {
  show(host: HTMLElement, query: URLSearchParams): void;
}

const LOADERS: Record<Exclude<PageName, "map">, () => Promise<PageView>> = {
  devices: async () => new (await import("./pages/devices")).DevicesPage(),
  register: async () => new (await import("./pages/register")).RegisterPage(),
  sensors: async () => new (await import("./pages/sensors")).SensorsPage(),
  health: async () => new (await import("./pages/health")).HealthPage(),
  groups: async () => new (await import("./pages/groups")).GroupsPage(),
  import: async () => new (await import("./pages/import")).ImportPage(),
  claims: async () => new (await import("./pages/claims")).ClaimsPage(),
  batches: async () => new (await import("./pages/batches")).BatchesPage(),
  people: async () => new (await import("./pages/people")).PeoplePage(),
  tokens: async () => new (await import("./pages/tokens")).TokensPage(),
  agencies: async () => new (await import("./pages/agencies")).AgenciesPage(),
  shares: async () => new (await import("./pages/shares")).SharesPage(),
  models: async () => new (await import("./pages/models")).ModelsPage(),
  refinements: async () => new (await import("./pages/refinements")).RefinementsPage(),
  audit: async () => new (await import("./pages/audit")).AuditPage(),
};

export class Shell {
  private session: Session | null = null;
  private readonly views = new Map<PageName, PageView>();
  private readonly host = byId("page");
  /** Each visit draws into an element of its own: what a page that was left is
   * answered late does not reach the one that is shown. */
  private visit: { readonly page: PageName; readonly body: HTMLElement } | null = null;

  /** `onMap` is told what the address says of the map. */
  constructor(private readonly onMap: (query: URLSearchParams) => void) {
    onLanguage(() => this.show());
    addEventListener("hashchange", () => this.show());
  }

  enter(session: Session): void {
    this.session = session;
    this.show();
  }

  leave(): void {
    this.session = null;
    this.views.clear();
    this.visit = null;
    this.host.replaceChildren();
    this.host.hidden = byId("pages-bar").hidden = true;
    document.body.dataset["page"] = "map";
  }

  private show(): void {
    const { session } = this;
    if (session === null) return;
    const { page, query } = parseRoute(location.hash);
    document.body.dataset["page"] = page;
    byId("pages-bar").hidden = false;
    this.host.hidden = page === "map";
    this.drawNavigation(session, page);
    if (page === "map") {
      this.visit = null;
      this.onMap(query);
    } else void this.open(page, query);
  }

  private async open(page: Exclude<PageName, "map">, query: URLSearchParams): Promise<void> {
    const { body } = this.visit?.page === page ? this.visit : this.begin(page);
    try {
      const view = this.views.get(page) ?? (await LOADERS[page]());
      // Another page, or a logout, may have come first.
      if (this.visit?.body !== body) return;
      this.views.set(page, view);
      view.show(body, query);
    } catch (error) {
      body.replaceChildren(h("p.fault", { role: "alert" }, faultText(error)));
    }
  }

  private begin(page: PageName): { readonly body: HTMLElement } {
    const body = h("div.page-body", {}, loading());
    this.host.replaceChildren(body);
    this.host.scrollTop = 0;
    this.visit = { page, body };
    return { body };
  }

  private drawNavigation(session: Session, current: PageName): void {
    const marked = REACHED_FROM[current] ?? current;
    const links = PAGES.filter((page) => opens(session, page) && !(page in REACHED_FROM)).map((page) =>
      h("a", { href: routeHash(page), "aria-current": page === marked ? "page" : null }, t(`page.${page}`)),
    );
    byId("pages").replaceChildren(...links);
    links.find((link) => link.hasAttribute("aria-current"))?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
