import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { addressWithCode } from '../../../../src/extensions/pages/web/server/run-web.ts';
import { eventually } from '../../../support/eventually.ts';
import { installCli } from '../../../support/install-clis.ts';
import type { WebRig } from '../../../support/web-rig.ts';

/** The part of playwright-core that is used here: it is not a dependency, so its types are unknown. */
export interface Locator {
  click(options?: object): Promise<void>;
  fill(text: string): Promise<void>;
  press(key: string): Promise<void>;
  count(): Promise<number>;
  textContent(): Promise<string>;
  inputValue(): Promise<string>;
  waitFor(options?: object): Promise<void>;
  isVisible(): Promise<boolean>;
  /** What a screen reader is given, as indented lines. */
  ariaSnapshot(): Promise<string>;
  first(): Locator;
  last(): Locator;
  nth(at: number): Locator;
  locator(selector: string): Locator;
}

export interface Page {
  goto(url: string): Promise<unknown>;
  url(): string;
  title(): Promise<string>;
  close(): Promise<void>;
  /** Shows this tab: the browser draws in no other. */
  bringToFront(): Promise<void>;
  locator(selector: string): Locator;
  /** `down` of a key that is down repeats it. */
  keyboard: Record<'press' | 'type' | 'down' | 'up', (keys: string) => Promise<void>>;
  evaluate<T>(script: string): Promise<T>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  emulateMedia(media: object): Promise<void>;
  screenshot(options: object): Promise<Buffer>;
  reload(): Promise<unknown>;
  goBack(): Promise<unknown>;
  on(event: string, listener: (argument: never) => void): void;
  /** Offers a function of the test to the scripts of the page. */
  exposeFunction(name: string, run: (argument: never) => unknown): Promise<void>;
  frames(): Pick<Page, 'evaluate' | 'locator'>[];
}

interface BrowserContext {
  newPage(): Promise<Page>;
  addInitScript(script: string): Promise<void>;
  setDefaultTimeout(ms: number): void;
  close(): Promise<void>;
}

interface Playwright {
  chromium: {
    launch(
      options: object,
    ): Promise<{ newContext(options?: object): Promise<BrowserContext>; close(): Promise<void> }>;
    launchPersistentContext(folder: string, options: object): Promise<BrowserContext>;
  };
}

export interface Browser extends AsyncDisposable {
  /** A new tab of the same person. */
  tab(url?: string): Promise<Page>;
  /** What must not happen on any tab: errors of scripts, refusals of the policy, requests to other servers. */
  mishaps: string[];
}

const ANSWER_MS = 60_000;

/** Debian's Chromium. */
const CHROMIUM = {
  executablePath: '/usr/bin/chromium',
  chromiumSandbox: false,
  args: ['--disable-quic', '--disable-background-networking', '--disable-component-update'],
};

async function playwright(): Promise<Playwright> {
  const { path } = await installCli('playwright');
  return (await import(pathToFileURL(path).href)) as Playwright;
}

/**
 * Opens one address in a browser with a profile on the disk, and ends it once the page shows what is awaited.
 * @returns every address that it was asked for
 */
export async function visitOnly(
  url: string,
  folder: string,
  isShown: (page: Page) => Promise<void>,
): Promise<string[]> {
  const { chromium } = await playwright();
  const context = await chromium.launchPersistentContext(folder, CHROMIUM);
  const page = await context.newPage();
  const seen: string[] = [];
  page.on('request', (request: { url(): string }) => seen.push(request.url()));
  await page.goto(url);
  await isShown(page);
  seen.push(page.url(), await page.evaluate('JSON.stringify(performance.getEntries())'));
  await context.close();
  return seen;
}

export async function openBrowser(options: object = {}): Promise<Browser> {
  const { chromium } = await playwright();
  const browser = await chromium.launch(CHROMIUM);
  const context = await browser.newContext(options);
  context.setDefaultTimeout(ANSWER_MS);
  await context.addInitScript(
    "addEventListener('securitypolicyviolation', (e) => console.error('refused by the policy', e.violatedDirective, e.blockedURI, e.sample))",
  );
  const mishaps: string[] = [];
  return {
    mishaps,
    async tab(url) {
      const page = await context.newPage();
      page.on('pageerror', (error: Error) => mishaps.push(String(error)));
      page.on('console', (message: { type(): string; text(): string }) => {
        if (
          message.type() === 'error' &&
          !/the server responded|ERR_(?:CONNECTION|INCOMPLETE)/.test(message.text())
        )
          mishaps.push(message.text());
      });
      page.on('request', (request: { url(): string }) => {
        if (!/^(?:http:\/\/(?:127\.0\.0\.1|localhost):\d+\/|data:)/.test(request.url()))
          mishaps.push(request.url());
      });
      if (url !== undefined) await page.goto(url);
      return page;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
    },
  };
}

/** One browser for all tests of a file. After each of them its tabs are closed, and none may have had a mishap. */
export function browserOfFile(): Pick<Browser, 'tab'> {
  let browser: Browser | undefined;
  const tabs: Page[] = [];
  const opened = () => {
    if (browser === undefined) throw new Error('The browser is opened before the first test.');
    return browser;
  };
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterEach(async () => {
    for (const tab of tabs.splice(0)) await tab.close();
    expect(opened().mishaps.splice(0)).toEqual([]);
  });
  afterAll(async () => await browser?.[Symbol.asyncDispose]());
  return {
    async tab(url) {
      const tab = await opened().tab(url);
      tabs.push(tab);
      return tab;
    },
  };
}

export async function addressOf(web: Pick<WebRig, 'served' | 'newCode'>): Promise<string> {
  return await addressWithCode(web);
}

/** Waits until an expression is true there. The policy of the page forbids Playwright's own way, which compiles text. */
export async function holds(page: Pick<Page, 'evaluate'>, script: string): Promise<void> {
  await eventually(async () => (await page.evaluate(script)) === true, {
    what: script,
    withinMs: ANSWER_MS / 3,
  });
}
