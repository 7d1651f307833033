// A page of records that can be changed. What a change answers stands above the
// records until the page is left: secrets are shown once, and a change of the
// language must not lose them.

import { h } from "../../dom";
import { t } from "../../text";
import type { PageName } from "../route";
import type { PageView } from "../shell";
import { loading } from "../loading";
import { faultBox } from "./parts";

export abstract class ChangingPage implements PageView {
  private host: HTMLElement | null = null;
  /** Answers of a question that is no longer asked are dropped. */
  private asked = 0;
  private answer: (() => HTMLElement) | null = null;
  private readonly told = h("div", { "aria-live": "polite" });

  protected constructor(private readonly name: PageName) {}

  /** Reads the records and draws them. */
  protected abstract content(): Promise<readonly (HTMLElement | null)[]>;

  /** The records are in the page: what needs its size may begin. */
  protected drawn(): void {}

  show(host: HTMLElement, _query: URLSearchParams): void {
    this.host = host;
    this.tell(host.contains(this.told) ? this.answer : null);
    void this.read();
  }

  protected tell(answer: (() => HTMLElement) | null): void {
    this.answer = answer;
    this.told.replaceChildren(...(answer === null ? [] : [answer()]));
  }

  /** `run` may tell what it was answered. */
  protected async change(run: () => Promise<unknown>): Promise<void> {
    this.tell(null);
    try {
      await run();
      await this.read();
    } catch (error) {
      this.tell(() => faultBox(error, () => void this.change(run)));
    }
  }

  private async read(): Promise<void> {
    const asked = ++this.asked;
    this.draw(loading());
    try {
      const content = await this.content();
      if (asked !== this.asked) return;
      this.draw(...content);
      this.drawn();
    } catch (error) {
      if (asked === this.asked) this.draw(faultBox(error, () => void this.read()));
    }
  }

  private draw(...content: (HTMLElement | null)[]): void {
    this.host?.replaceChildren(h("h1", {}, t(`page.${this.name}`)), this.told, ...content.filter((one) => one !== null));
  }
}
