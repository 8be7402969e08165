import { expect, test } from 'vitest';
import { pageKey as keyOf } from '../../../../src/core/caller/facts/live-page.ts';
import { addressOf, browserOfFile, holds, type Page } from './browser.ts';
import {
  answersIn,
  decidedIn,
  decisionScene,
  isReady,
  type Kind,
  openItemOf,
  ownWordsOf,
  recordedIn,
} from './decision-scene.ts';

const browser = browserOfFile();

const TEN: readonly Kind[] = ['options', 'free', 'plan', 'blocked', 'finished'].flatMap((kind) =>
  Array<Kind>(2).fill(kind as Kind),
);

/** The command that a decision by keyboard, and one by mouse, leave. */
const COMMANDS: Readonly<Record<Kind, [byKeys: string, byMouse: string]>> = {
  options: ['answer', 'answer'],
  free: ['answer', 'answer'],
  plan: ['approve', 'approve'],
  blocked: ['resume', 'resume'],
  finished: ['merge', 'archive'],
};

/** What the keys below answer. */
const ANSWERS: Partial<Record<Kind, string[]>> = {
  options: ['Q1: B', 'Q2: B', 'Q3: B'],
  free: ['Q1: The harbour master, on a phone', 'Q2: Its last part', 'Q3: A test of it'],
};

const focusIsIn = (page: Page, selector: string) =>
  holds(page, `document.activeElement.closest(${JSON.stringify(selector)}) !== null`);

/** Each decides by keys alone. @returns how many keys it took besides the text */
const BY_KEYS: Readonly<Record<Kind, (page: Page) => Promise<number>>> = {
  async options(page) {
    const questions = Number(
      await page.evaluate("String(document.querySelectorAll('.gate fieldset').length)"),
    );
    await page.keyboard.press('a');
    for (let at = 0; at < questions; at += 1) await page.keyboard.press('2');
    await page.keyboard.press('Enter');
    return 2;
  },
  async free(page) {
    await page.keyboard.press('a');
    await focusIsIn(page, '.gate textarea');
    await page.keyboard.type('The harbour master, on a phone');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Its last part');
    await page.keyboard.press('Tab');
    await page.keyboard.type('A test of it');
    await page.keyboard.press('Control+Enter');
    return 4;
  },
  async plan(page) {
    await page.keyboard.press('a');
    await page.keyboard.press('Enter');
    return 2;
  },
  async blocked(page) {
    await page.keyboard.press('a');
    await focusIsIn(page, '.gate [name=note]');
    await page.keyboard.type('Name them by the day of their launch.');
    await page.keyboard.press('Control+Enter');
    return 2;
  },
  async finished(page) {
    await page.keyboard.press('a');
    await page.keyboard.press('Enter');
    await page.locator('#p-gate output form').waitFor();
    await page.keyboard.press('a');
    await page.keyboard.press('Enter');
    return 4;
  },
};

const BY_MOUSE: Readonly<Record<Kind, (page: Page) => Promise<void>>> = {
  async options(page) {
    await page.locator('.gate button[value=suggestions]').click();
  },
  async free(page) {
    for (const at of [0, 1, 2]) {
      await page.locator('.gate textarea').nth(at).click();
      await page.keyboard.type(`In words, ${at}`);
    }
    await page.locator('.gate form[data-act=answer] .primary').click();
  },
  async plan(page) {
    await page.locator('.gate button[value=approve]').click();
  },
  async blocked(page) {
    await page.locator('.gate [name=note]').click();
    await page.keyboard.type('Name them by the day of their launch.');
    await page.locator('.gate form[data-act=resume] .primary').click();
  },
  async finished(page) {
    await page.locator('.gate button[value=keep_branch]').click();
    await page.locator('#p-gate output form button').click();
  },
};

test('ten sessions of five kinds are decided by keyboard alone, each by at most four keys besides its answers and with at most sixty words of the page', async () => {
  await using scene = await decisionScene(TEN);
  const page = await browser.tab(await addressOf(scene.web));
  const found: [kind: Kind, keys: number, words: number][] = [];
  const said = new Set<string>();
  for (let at = 0; at < TEN.length; at += 1) {
    await page.locator('#p-gate .gate').waitFor();
    const open = await page.evaluate<string>("document.querySelector('#name').textContent");
    const key = await page.evaluate<string>("location.hash.split('/')[2]");
    const index = scene.rigs.findIndex(({ paths }) => keyOf(paths) === key);
    const [rig, kind] = [scene.rigs[index], TEN[index]];
    if (rig === undefined || kind === undefined) throw new Error(`No session is ${open}.`);
    await isReady(page, rig);
    const words = await ownWordsOf(page);
    said.add(words);
    found.push([kind, await BY_KEYS[kind](page), words.split(' ').length]);
    await recordedIn(rig);
    await holds(page, `location.hash !== '#/s/${key}' || document.querySelector('#p-gate .gate') === null`);
  }
  expect(found.filter(([, keys, words]) => keys > 4 || words > 60)).toEqual([]);
  expect(found.map(([kind]) => kind).toSorted()).toEqual(TEN.toSorted());
  expect(await Promise.all(scene.rigs.map(decidedIn))).toEqual(TEN.map((kind) => [COMMANDS[kind][0]]));
  expect(await Promise.all(scene.rigs.map(answersIn))).toEqual(TEN.map((kind) => ANSWERS[kind] ?? []));
});

test('ten sessions of five kinds are decided by mouse alone', async () => {
  await using scene = await decisionScene(TEN);
  const page = await browser.tab(await addressOf(scene.web));
  for (const [at, rig] of scene.rigs.entries()) {
    await openItemOf(page, rig);
    await BY_MOUSE[TEN[at] ?? 'plan'](page);
    await recordedIn(rig);
  }
  expect(await Promise.all(scene.rigs.map(decidedIn))).toEqual(TEN.map((kind) => [COMMANDS[kind][1]]));
});
