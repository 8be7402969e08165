import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { pageKey } from '../../../../src/core/caller/facts/live-page.ts';
import { freePort } from '../../../support/free-port.ts';
import { reportedSession } from '../../../support/report-session.ts';
import type { SessionRig } from '../../../support/session-rig.ts';
import { openTerminal, type Terminal } from '../../../support/terminal.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { addressOf, browserOfFile, holds, openBrowser, type Page } from './browser.ts';
import {
  decidedIn,
  isReady,
  KINDS,
  openDecision,
  receiptIs,
  receiptsOf,
  recordedIn,
} from './decision-scene.ts';

const browser = browserOfFile();

const FEEDBACK = '.gate [name=feedback]';

/** `samocode web` in a terminal, at the same port each time. */
async function serveIn({ repo, program }: SessionRig, port: number): Promise<Terminal> {
  const terminal = await openTerminal(`${process.execPath} ${program('cli')} web --port ${port}`, {
    dir: repo.root,
    cwd: repo.path,
    env: repo.env,
  });
  await terminal.until(`127.0.0.1:${port}/`);
  return terminal;
}

/** Both the shell that waits for it and the program are in its process group; only the program is killed. */
const kill = (terminal: Terminal) => terminal.signal('SIGKILL');

const isBack = (page: Page) =>
  holds(page, "document.querySelector('#state').textContent === 'Connected again.'");

test('an act that a killed server has not received is not recorded: the receipt says so, the text is there, and the tab needs no key', async () => {
  await using rig = await KINDS.plan();
  const port = await freePort();
  const before = await serveIn(rig, port);
  const [code = ''] = /(?<=#c=)[\w-]{32}/.exec(before.shown()) ?? [];
  const page = await browser.tab(`http://127.0.0.1:${port}/#c=${code}`);
  await isReady(page, rig);
  await page.locator(FEEDBACK).fill('Name the ships too');
  // It takes the request from the network and does nothing with it.
  before.signal('SIGSTOP');
  await page.locator('.gate button[value=changes]').click();
  await receiptIs(page, 'Sending');
  kill(before);
  await receiptIs(page, 'Not known yet');
  expect(await page.evaluate("document.querySelector('#how-many').textContent")).toBe('1, 1 not known yet');
  await before[Symbol.asyncDispose]();
  await using _after = await serveIn(rig, port);
  await isBack(page);
  await receiptIs(page, 'Not recorded');
  expect(await page.locator(FEEDBACK).inputValue()).toBe('Name the ships too');
  expect(await page.locator('#key').count()).toBe(0);
  await page.locator('.gate button[value=changes]').click();
  await receiptIs(page, 'Recorded');
  expect(await decidedIn(rig)).toEqual(['request_changes']);
});

test('an act that is recorded when its server is killed has a receipt that says so, and its draft is gone', async () => {
  await using rig = await KINDS.plan();
  const port = await freePort();
  const before = await serveIn(rig, port);
  const [code = ''] = /(?<=#c=)[\w-]{32}/.exec(before.shown()) ?? [];
  const page = await browser.tab(`http://127.0.0.1:${port}/#c=${code}`);
  await isReady(page, rig);
  await page.locator(FEEDBACK).fill('Name the ships too');
  // The answer of the server never arrives, whenever it dies.
  await page.evaluate(
    "self.fetch = ((get) => (path, init) => init?.method === 'POST' ? (get(path, init).catch(() => {}), new Promise((_, fail) => { self.cut = fail; })) : get(path, init))(self.fetch)",
  );
  await page.locator('.gate button[value=changes]').click();
  await recordedIn(rig);
  kill(before);
  await page.evaluate("self.cut(new TypeError('the connection was lost'))");
  await receiptIs(page, 'Not known yet');
  await before[Symbol.asyncDispose]();
  await using _after = await serveIn(rig, port);
  await isBack(page);
  await receiptIs(page, 'Recorded');
  await holds(page, "document.querySelector('#drafts').hidden");
  await page.reload();
  await receiptIs(page, 'Recorded');
  expect(await decidedIn(rig)).toEqual(['request_changes']);
});

test('while a preview is made the other ways are disabled and say why, and no preview stands under the name of another way', async () => {
  await using scene = await openDecision(browser, 'finished');
  const { rig, page } = scene;
  const seen = await page.evaluate<string[]>(`(() => {
    const button = (how) => document.querySelector('.gate button[value=' + how + ']');
    button('keep_branch').click();
    button('merge').click();
    return ['merge', 'discard'].map((how) => [button(how).disabled, button(how).title].join(' '));
  })()`);
  const why = 'true Disabled while this is under way: Archive, keep the branch …';
  expect(seen).toEqual([why, why]);
  const heading = "document.querySelector('.gate output h3')?.textContent";
  await holds(page, `${heading} === 'Archive, keep the branch'`);
  expect(await page.locator('.gate output form [name=how]').inputValue()).toBe('keep_branch');
  expect(await page.locator('.gate output form button').textContent()).toBe('Archive, keep the branch');
  await page.locator('.gate button[value=merge]').click();
  await holds(page, `${heading} === 'Merge'`);
  expect(await page.locator('.gate output form [name=how]').inputValue()).toBe('merge');
  expect(await page.locator('.gate output h3').count()).toBe(1);
  expect(await decidedIn(rig)).toEqual([]);
  await rig.resume({ goal: 'Name the ferries too' });
  await page.locator('#held button').waitFor();
  await page.locator('.gate output form button').press('Enter');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Show what changed');
  expect([await decidedIn(rig), await receiptsOf(page)]).toEqual([[], []]);
});

test('while a session is being finished, no other way can be previewed in place of it', async () => {
  await using scene = await openDecision(browser, 'finished');
  const { rig, page } = scene;
  await page.locator('.gate button[value=keep_branch]').click();
  await page.locator('.gate output form button').waitFor();
  const seen = await page.evaluate<boolean>(`(() => {
    document.querySelector('.gate output form button').click();
    return [...document.querySelectorAll('.gate button')].every((each) => each.disabled && each.title !== '');
  })()`);
  expect(seen).toBe(true);
  await receiptIs(page, 'Recorded');
  expect(await decidedIn(rig)).toEqual(['archive']);
});

test('two tabs, a terminal and a phone answer the same questions: one counts, the others say that theirs did not and why, and keep the text', async () => {
  await using rig = await KINDS.options();
  await using web = await serveWeb(rig.context('cli'));
  await using phone = await openBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
  const pages: Page[] = [];
  for (const device of [browser, browser, phone]) {
    const page = await device.tab(await addressOf(web));
    if (device === phone) await page.locator('.row').click();
    await isReady(page, rig);
    await page.locator('.gate textarea').last().fill(`as I said, ${pages.length}`);
    pages.push(page);
  }
  const terminal = rig.answer().then(
    () => true,
    () => false,
  );
  await Promise.all(
    pages.map((page) => page.evaluate("document.querySelector('.gate [value=suggestions]').click()")),
  );
  const counted = [await terminal];
  for (const [at, page] of pages.entries()) {
    await holds(
      page,
      "/^(?:Recorded|Not recorded)$/.test(document.querySelector('#receipts li b')?.textContent)",
    );
    const [receipt = ''] = await receiptsOf(page);
    counted.push(receipt.startsWith('Recorded'));
    if (receipt.startsWith('Recorded')) continue;
    expect(receipt).toMatch(/answered|decided|changed since|no longer|waits for/i);
    expect(await page.evaluate('JSON.stringify({ ...sessionStorage })')).toContain(`as I said, ${at}`);
  }
  expect(counted.filter(Boolean)).toHaveLength(1);
  expect((await rig.events()).filter(({ type }) => type === 'answers_recorded')).toHaveLength(1);
  expect(phone.mishaps).toEqual([]);
});

test('an act on a session that is gone is not known, the receipts after it are settled, and a preview has none', async () => {
  const gone = await reportedSession({ iterations: 4, name: 'gone', ends: 'blocked' });
  const { project, paths } = gone;
  await using _ = project.repo;
  const stays = await reportedSession({ iterations: 4, name: 'stays', ends: 'blocked', project });
  await using web = await serveWeb(project.context);
  const page = await browser.tab(await addressOf(web));
  await page.evaluate(
    "self.fetch = ((get) => (path, init) => init?.method === 'POST' ? Promise.reject(new TypeError()) : path.includes('/outcome/') && !self.asks ? Promise.reject(new TypeError()) : get(path, init))(self.fetch)",
  );
  for (const each of [paths, stays.paths]) {
    const key = pageKey(each);
    await page.evaluate(`location.hash = '#/s/${key}'`);
    await holds(
      page,
      `document.querySelector('[data-item^="${key}"] .gate') !== null && document.body.dataset.fresh === undefined`,
    );
    await page.locator('.gate .primary').click();
    await receiptIs(page, 'Not known yet');
  }
  const ready = await reportedSession({ iterations: 4, name: 'ready', ends: 'done', project });
  await page.locator(`#to-${pageKey(ready.paths)}`).click();
  await holds(
    page,
    "document.querySelector('.gate [data-act=preview]') !== null && document.body.dataset.fresh === undefined",
  );
  await page.locator('.gate button').first().click();
  await holds(page, "document.querySelector('.gate output').textContent === 'The server cannot be reached.'");
  await rm(paths.sessionDir, { recursive: true });
  await rm(paths.runDir, { recursive: true });
  await page.evaluate('self.asks = true');
  await receiptIs(page, 'Not recorded');
  const receipts = await receiptsOf(page);
  expect(receipts.map((each) => each.split(':')[0])).toEqual([
    'Not recorded Resume · stays',
    'Not known Resume · gone',
  ]);
});

test('a message is withdrawn on the page until an agent has received it', async () => {
  await using scene = await openDecision(browser, 'options');
  const { rig, page } = scene;
  const send = async (text: string) => {
    await holds(
      page,
      "document.querySelector('[data-key=m]') !== null && document.body.dataset.fresh === undefined",
    );
    await page.evaluate("document.querySelector('[data-key=m]').open = true");
    await page.locator('[data-key=m] textarea').fill(text);
    await page.locator('[data-key=m] .primary').click();
    await holds(
      page,
      `document.querySelector('.unread')?.textContent.includes('${text}') && document.body.dataset.fresh === undefined`,
    );
  };
  await send('Name the ships too');
  await page.locator('.unread button').click();
  await receiptIs(page, 'Recorded');
  await holds(page, "document.querySelector('.unread') === null");
  await send('Name the ferries too');
  await rig.answer();
  await rig.until(({ messages }) => messages.waiting.length === 0);
  await holds(page, "document.querySelector('.unread') === null");
  const types = (await rig.events()).map(({ type }) => type);
  expect(types.filter((type) => type === 'message_withdrawn')).toHaveLength(1);
});
