import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../../core/kernel/clock.ts';
import { pictureName, type TakeJob, type TakenPages, WIDTHS } from '../job.ts';
import type { BrowserPage, DevTools, PausedRequest, Playwright } from './playwright.ts';

/** Each page is opened at this moment, so that one with today's date stays the same. */
const OPENED_AT = Date.parse('2026-01-15T12:00:00Z');
/** The moment of a picture, after that: time for a splash screen. A slower page is shown at a multiple. */
const SHOWN_AFTER_MS = 10_000;
const WINDOW_HEIGHT = 900;
/** Of a picture, in pixels: an endless page must not fill the memory. */
const MAX_HEIGHT = 10_000;
const OPEN_LIMIT_MS = 30_000;
const QUIET_MS = 2000;
/** After the first time: answers to requests that scrolling or the page's own timers have caused. */
const QUIET_AGAIN_MS = 500;
const QUIET_LIMIT_MS = 20_000;
const POLL_MS = 100;
/** A script of the page may run without end. */
const DRAW_LIMIT_MS = 30_000;
/** Less than a window, so that each part is seen whole once. */
const SCROLL_PX = 600;
/** In characters: an address may be of any length. */
const MAX_SAID = 200;

const ARGS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--force-color-profile=srgb',
  '--hide-scrollbars',
  '--font-render-hinting=none',
];

const CONTEXT = {
  deviceScaleFactor: 1,
  reducedMotion: 'reduce',
  colorScheme: 'light',
  locale: 'en-US',
  timezoneId: 'UTC',
  serviceWorkers: 'block',
  acceptDownloads: false,
};

type Browser = Awaited<ReturnType<Playwright['chromium']['launch']>>;

/** Takes a picture of each page at each width, one after the other. A page that fails has a sentence instead. */
export async function takePictures(job: TakeJob, { chromium }: Playwright): Promise<TakenPages> {
  // Its own sandbox needs rights that a guard does not give; the guard around it takes its place.
  const options = { executablePath: job.chromium, chromiumSandbox: false, args: ARGS };
  const browser = await chromium.launch(options);
  const taken: TakenPages = [];
  try {
    for (const page of job.pages)
      for (const width of WIDTHS) taken.push({ page, width, ...(await takeOne(browser, job, page, width)) });
  } finally {
    await browser.close();
  }
  return taken;
}

async function takeOne(browser: Browser, { origin, into, pages }: TakeJob, path: string, width: number) {
  // A new context has no cookies and no storage of the page before.
  const context = await browser.newContext({ ...CONTEXT, viewport: { width, height: WINDOW_HEIGHT } });
  try {
    const page = await context.newPage();
    context.on('page', (other) => void other.close().catch(() => undefined));
    const devTools = await context.newCDPSession(page);
    const refused = await refuseOthers(devTools, origin);
    const time = await pageTime(page);
    const isQuiet = watchNetwork(page, time);
    const opened = await open(page, origin + path);
    const [elsewhere] = refused;
    // The address alone: the rest of it may be a text of the page.
    if (elsewhere !== undefined)
      return { said: `it redirects to ${originOf(elsewhere)}, which was not opened` };
    if ('failed' in opened) return { said: opened.failed };
    const quiet = await isQuiet(QUIET_MS);
    await lookAtAll({ page, devTools, width, time });
    if (quiet) await isQuiet(QUIET_AGAIN_MS);
    await time.pass(SHOWN_AFTER_MS - (time.passedMs() % SHOWN_AFTER_MS));
    if (quiet) await isQuiet(QUIET_AGAIN_MS, { isPaused: true });
    const drawn = await inTime(page, draw(page, devTools, width));
    const file = pictureName(pages, path, width);
    writeFileSync(join(into, file), drawn.png);
    const [shown, asked] = [page.url(), origin + path].map(placeOf);
    const notes = [
      ...(shown === asked ? [] : [`it redirects to ${shown?.slice(0, MAX_SAID)}`]),
      ...(opened.status < 200 || opened.status > 299 ? [`its status is ${opened.status}`] : []),
      ...(quiet ? [] : [`its network was not quiet within ${QUIET_LIMIT_MS / 1000} s`]),
      ...(drawn.height > MAX_HEIGHT
        ? [`only its upper ${MAX_HEIGHT} of ${drawn.height} pixels are shown`]
        : []),
    ];
    return { file, ...(notes.length === 0 ? {} : { said: notes.join('; ') }) };
  } catch (error) {
    if (error instanceof TooLate) return { said: `it could not be drawn within ${DRAW_LIMIT_MS / 1000} s` };
    return { said: `the browser failed: ${firstLine(error)}` };
  } finally {
    await context.close();
  }
}

/** The time of a page, which moves only in our steps: its scripts see the same moments each time. */
async function pageTime(page: BrowserPage) {
  let passedMs = 0;
  // It runs until it is paused, and can't be set back.
  await page.clock.install({ time: OPENED_AT - 60_000 });
  await page.clock.pauseAt(OPENED_AT);
  return {
    passedMs: () => passedMs,
    async pass(ms: number): Promise<void> {
      passedMs += ms;
      // A timer of the page that throws is its own matter.
      await inTime(
        page,
        page.clock.runFor(ms).catch(() => undefined),
      );
    },
  };
}
type PageTime = Awaited<ReturnType<typeof pageTime>>;

class TooLate extends Error {}

/** A script of the page may run without end. @throws TooLate */
async function inTime<T>(page: BrowserPage, work: Promise<T>): Promise<T> {
  const end = await Promise.race([work.then((value) => ({ value })), endOfLimit(page)]);
  if (end === undefined) throw new TooLate();
  return end.value;
}

interface Seen {
  page: BrowserPage;
  devTools: DevTools;
  width: number;
  time: PageTime;
}

/**
 * Scrolls a page to its end and back, as a person does, for what loads or appears only then. The window then becomes as
 * tall as the page, for what is shown only while it is in the window, unless that changes the page's height.
 */
async function lookAtAll({ page, devTools, width, time }: Seen): Promise<void> {
  const scrollTo = await scroller(page, devTools);
  for (let y = 0; y < Math.min(await heightOf(page, devTools), MAX_HEIGHT); y += SCROLL_PX) {
    await scrollTo(y);
    await page.waitForTimeout(POLL_MS / 2);
    await time.pass(2 * POLL_MS);
  }
  await scrollTo(0);
  const height = await heightOf(page, devTools);
  if (height <= WINDOW_HEIGHT) return;
  await page.setViewportSize({ width, height: Math.min(height, MAX_HEIGHT) });
  await page.waitForTimeout(2 * POLL_MS);
  await time.pass(2 * POLL_MS);
  // Parts of it are as tall as the window.
  if ((await heightOf(page, devTools)) !== height)
    await page.setViewportSize({ width, height: WINDOW_HEIGHT });
}

/** Not by a function that the page may have replaced. */
async function scroller(page: BrowserPage, devTools: DevTools): Promise<(top: number) => Promise<void>> {
  const { frameTree } = await framesOf(devTools);
  const { executionContextId: contextId } = (await devTools.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
  })) as { executionContextId: number };
  return async (top) => {
    const expression = `scrollTo({ top: ${top}, behavior: 'instant' })`;
    // The page may have gone elsewhere meanwhile.
    const scrolled = devTools.send('Runtime.evaluate', { contextId, expression }).catch(() => undefined);
    await inTime(page, scrolled);
  };
}

/** It is not asked of the page's scripts, which could answer anything. */
async function heightOf(page: BrowserPage, devTools: DevTools): Promise<number> {
  const { cssContentSize } = (await inTime(page, devTools.send('Page.getLayoutMetrics'))) as {
    cssContentSize: { height: number };
  };
  return Math.ceil(cssContentSize.height);
}

async function framesOf(devTools: DevTools) {
  return (await devTools.send('Page.getFrameTree')) as { frameTree: { frame: { id: string } } };
}

/** Playwright waits for its fonts. */
async function draw(page: BrowserPage, devTools: DevTools, width: number) {
  const height = await heightOf(page, devTools);
  const clip = { x: 0, y: 0, width, height: Math.min(Math.max(height, WINDOW_HEIGHT), MAX_HEIGHT) };
  const options = { fullPage: true, animations: 'disabled', caret: 'hide', scale: 'css', clip };
  return { height, png: await page.screenshot({ ...options, timeout: DRAW_LIMIT_MS }) };
}

async function endOfLimit(page: BrowserPage): Promise<undefined> {
  // Rejects if the page is closed before.
  await page.waitForTimeout(DRAW_LIMIT_MS).catch(() => undefined);
}

/** An address without its origin; the rest of it can say that a login is shown. */
function placeOf(url: string): string {
  const { pathname, search, hash } = new URL(url);
  return pathname + search + hash;
}

/**
 * Fails each request of the page to another origin, redirects too, so that it can be said where it redirects. What a
 * page reaches at all is up to the sandbox.
 * @returns the addresses to which the page itself was redirected
 */
async function refuseOthers(devTools: DevTools, origin: string): Promise<string[]> {
  const refused: string[] = [];
  const { frameTree } = await framesOf(devTools);
  const settle = async ({ requestId, request, resourceType, frameId }: PausedRequest) => {
    if (request.url.startsWith(`${origin}/`))
      return await devTools.send('Fetch.continueRequest', { requestId });
    if (resourceType === 'Document' && frameId === frameTree.frame.id) refused.push(request.url);
    return await devTools.send('Fetch.failRequest', { requestId, errorReason: 'BlockedByClient' });
  };
  // A request whose page has gone can't be settled any more.
  devTools.on('Fetch.requestPaused', (paused) => void settle(paused).catch(() => undefined));
  await devTools.send('Fetch.enable', { patterns: [{ urlPattern: '*' }] });
  return refused;
}

async function open(page: BrowserPage, url: string): Promise<{ status: number } | { failed: string }> {
  try {
    const response = await page.goto(url, { waitUntil: 'load', timeout: OPEN_LIMIT_MS });
    return { status: response?.status() ?? 200 };
  } catch (error) {
    return { failed: `it could not be opened: ${firstLine(error)}` };
  }
}

/**
 * @returns waits until no request was open for a while, in which the time of the page passes; false if there was one for 20
 * seconds
 */
function watchNetwork(
  page: BrowserPage,
  time: PageTime,
): (forMs: number, options?: { isPaused: boolean }) => Promise<boolean> {
  const open = new Set<unknown>();
  let quietMs = 0;
  page.on('request', (request) => {
    quietMs = 0;
    open.add(request);
  });
  for (const event of ['requestfinished', 'requestfailed'] as const)
    page.on(event, (request) => void open.delete(request));
  return async (forMs, { isPaused } = { isPaused: false }) => {
    quietMs = 0;
    const endsAt = systemClock.monotonic() + QUIET_LIMIT_MS;
    while (systemClock.monotonic() < endsAt) {
      if (quietMs >= forMs) return true;
      await page.waitForTimeout(POLL_MS);
      if (!isPaused) await time.pass(POLL_MS);
      quietMs = open.size === 0 ? quietMs + POLL_MS : 0;
    }
    return false;
  };
}

function originOf(url: string): string {
  return URL.canParse(url) && new URL(url).origin !== 'null' ? new URL(url).origin : 'another address';
}

/** Of playwright's message, without the log below it. */
function firstLine(error: unknown): string {
  const [line = ''] = String(error instanceof Error ? error.message : error).split('\n');
  return line.replace(/^[\w.]+: /, '').slice(0, MAX_SAID);
}
