import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { freePort } from '../../../support/free-port.ts';
import { makeProject } from '../../../support/project.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { openTerminal, type Terminal } from '../../../support/terminal.ts';
import { webOf } from '../../../support/web-rig.ts';
import { violationsOn } from './axe-violations.ts';
import { addressOf, browserOfFile, holds, type Page } from './browser.ts';
import { decidedIn, isReady, receiptIs, textOf } from './decision-scene.ts';

// A person on the page, by a terminal that they see: no session of theirs continues without it.

const browser = browserOfFile();

/** Waits for answers that only a person may give. */
async function personsOnly(): Promise<SessionRig> {
  const rig = await startRig({
    scenario: { paceMs: 0, rules: [] },
    lines: { GATE_CHANNELS: 'person' },
    sandbox: 'guard',
  });
  await rig.untilWaiting('qa_answers');
  return rig;
}

/** `samocode web` in a terminal; `&`: in its background. */
async function serveIn({ repo, program }: SessionRig, port: number, how: '' | '&' = ''): Promise<Terminal> {
  const command = `${process.execPath} ${program('cli')} web --port ${port}`;
  const inBackground = `sh -c 'set -m; ${command} & wait'`;
  const terminal = await openTerminal(how === '' ? command : inBackground, {
    dir: repo.root,
    cwd: repo.path,
    env: repo.env,
  });
  await terminal.until('Ctrl-C ends it');
  return terminal;
}

async function openTab(terminal: Terminal, rig: SessionRig, port: number): Promise<Page> {
  const [code = ''] = /(?<=#c=)[\w-]{32}/.exec(terminal.shown()) ?? [];
  const page = await browser.tab(`http://127.0.0.1:${port}/#c=${code}`);
  await isReady(page, rig);
  return page;
}

/** Answers the first open question with its first option. */
async function decide(page: Page, rig: SessionRig): Promise<void> {
  await isReady(page, rig);
  await page.evaluate("document.querySelector('.gate fieldset input').click()");
  const send = "document.querySelector('.gate .primary').click()";
  await page.evaluate(send);
  await isReady(page, rig);
  // The others stay open.
  await page.evaluate(`document.querySelector('#state').textContent.startsWith('No answer yet') && ${send}`);
}

const isAsked = (page: Page) => holds(page, "document.querySelector('#confirm').open");
const saysWrong = (page: Page, words: string) =>
  holds(page, `document.querySelector('#confirm-wrong').textContent.includes('${words}')`);
const EXPLAINED = 'Six digits for the tab';

/** The digits that the terminal showed last. */
function digitsIn(terminal: Terminal): string {
  const shown = stripVTControlCharacters(terminal.shown());
  return [...shown.matchAll(/^ {2}(\d{6})\r?$/gm)].at(-1)?.[1] ?? expect.fail(shown);
}

async function type(page: Page, digits: string): Promise<void> {
  await page.locator('#confirm input').fill(digits);
  await page.keyboard.press('Enter');
}

/** Keeps the word by which the page says that it was confirmed. */
const NOTES_WHAT_IS_SENT = `self.fetch = ((get) => (path, init) => {
  self.sent = init?.headers?.['x-tab'] ?? self.sent;
  return get(path, init);
})(self.fetch)`;

const wrongFor = (digits: string) => String((Number(digits) + 1) % 1_000_000).padStart(6, '0');

test('a tab decides for a person who has typed the digits of the terminal; a reload and another tab are asked again', async () => {
  await using rig = await personsOnly();
  const port = await freePort();
  await using terminal = await serveIn(rig, port);
  const page = await openTab(terminal, rig, port);
  await decide(page, rig);
  await isAsked(page);
  await type(page, wrongFor(digitsIn(terminal)));
  await saysWrong(page, 'are wrong');
  await page.keyboard.press('Escape');
  await receiptIs(page, 'Not recorded');
  expect(await textOf(page, '.gate output')).toContain('six digits');
  expect(await decidedIn(rig)).toEqual([]);
  await decide(page, rig);
  await isAsked(page);
  await type(page, digitsIn(terminal));
  await receiptIs(page, 'Recorded');
  // The new tab gets the key of the first one, and no more.
  const other = await browser.tab(`http://127.0.0.1:${port}/`);
  await decide(other, rig);
  await isAsked(other);
  await type(other, digitsIn(terminal));
  await receiptIs(other, 'Recorded');
  await page.reload();
  await decide(page, rig);
  await isAsked(page);
  const digits = digitsIn(terminal);
  for (let tries = 1; tries < 5; tries += 1) await type(page, wrongFor(digits));
  await type(page, wrongFor(digits));
  await saysWrong(page, 'not valid any more');
  await terminal.until(EXPLAINED);
  expect(digitsIn(terminal)).not.toBe(digits);
  await page.evaluate(NOTES_WHAT_IS_SENT);
  await type(page, digitsIn(terminal));
  await receiptIs(page, 'Recorded');
  expect(await decidedIn(rig)).toEqual(['answer', 'answer', 'answer']);
  expect(JSON.stringify(await rig.events())).not.toContain('"unconfirmed":true');
  expect(await page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }])')).not.toContain(
    await page.evaluate('self.sent'),
  );
});

test('the page of a program in the background says which command shows digits, and asks for none', async () => {
  await using rig = await personsOnly();
  const port = await freePort();
  await using terminal = await serveIn(rig, port, '&');
  const page = await openTab(terminal, rig, port);
  await decide(page, rig);
  await receiptIs(page, 'Not recorded');
  expect(await textOf(page, '.gate output')).toMatch(/in the background.*"samocode web" in a terminal/s);
  expect(await page.evaluate("document.querySelector('#confirm').open")).toBe(false);
  expect(terminal.shown()).not.toMatch(/\d{6}\r/);
  expect(await decidedIn(rig)).toEqual([]);
});

test('the form for the digits names its field and its error to a screen reader, and fits a phone', async () => {
  await using web = await webOf(await makeProject());
  const page = await browser.tab(await addressOf(web));
  await page.locator('#find').waitFor();
  await web.confirm();
  await page.evaluate("document.querySelector('#confirm').showModal()");
  await isAsked(page);
  await type(page, wrongFor(web.digits[0] ?? ''));
  await saysWrong(page, 'are wrong');
  expect(
    await page.evaluate(
      '(({ labels, inputMode, autocomplete, ariaInvalid }) => [labels[0].innerText.trim(), inputMode, autocomplete, ariaInvalid])(document.querySelector("#confirm input"))',
    ),
  ).toEqual(['Six digits', 'numeric', 'one-time-code', 'true']);
  expect(await violationsOn(page)).toEqual([]);
});
