import { expect, test } from 'vitest';
import { pageKey } from '../../../../src/core/caller/facts/live-page.ts';
import { browserOfFile, holds, type Page } from './browser.ts';
import {
  answersIn,
  decidedIn,
  isReady,
  KINDS,
  type Kind,
  openDecision,
  recordedIn,
} from './decision-scene.ts';

const browser = browserOfFile();

/** Every letter, digit and sign of the dialog; also a capital, which many press for an option. */
const PRESSED = [...'abcdefghijklmnopqrstuvwxyzABC123456789/?'];

/** Where a key is pressed: on the heading of an item that has just opened, on an option, on the last question. */
const PLACES: Readonly<Record<string, string>> = {
  'on the title': '#session h1',
  'in the first question': '.gate fieldset input',
  'in the last question': '.gate fieldset:last-of-type input',
};

const FOCUS = 'document.activeElement';
/** What is chosen and written; what has the focus; what else is open. */
const SHOWN = `(() => {
  const { activeElement: focus } = document;
  const chosen = [...document.querySelectorAll('.gate input:checked')].map(({ name, value }) => name + '=' + value);
  const written = [...document.querySelectorAll('.gate textarea, [name=task]')].filter((each) => each.value);
  const open = [...document.querySelectorAll('dialog[open]')].map(({ id }) => id);
  const at = location.hash.includes('/s/') ? '' : location.hash;
  const isOption = focus.matches('.option input');
  const name = focus.name ? focus.name + (isOption || focus.tagName === 'BUTTON' ? ' ' + focus.value : '') : focus.id || focus.closest('form')?.dataset.act || focus.tagName.toLowerCase();
  return [...chosen, ...written.map((each) => each.name + ': ' + each.value), ...open, at, 'focus: ' + name.trim()].filter(Boolean).join(', ');
})()`;

/** @returns a line for each outcome, with the keys that lead to it */
async function outcomesOn(page: Page, kind: Kind, rig: Parameters<typeof isReady>[1]): Promise<string[]> {
  const lines: string[] = [];
  for (const [where, selector] of Object.entries(PLACES)) {
    if ((await page.locator(selector).count()) === 0) continue;
    const keysOf = new Map<string, string[]>();
    for (const key of PRESSED) {
      await page.evaluate(`(() => {
        for (const each of document.querySelectorAll('dialog[open]')) each.close();
        for (const each of document.querySelectorAll('details[data-key]')) each.open = false;
        for (const each of document.querySelectorAll('.gate form')) each.reset();
        for (const each of Object.keys(sessionStorage)) if (each.startsWith('draft ')) sessionStorage.removeItem(each);
        location.hash = '#/s/${pageKey(rig.paths)}';
      })()`);
      await isReady(page, rig);
      await page.evaluate(`document.querySelector('${selector}').focus()`);
      const before = await page.evaluate<string>(SHOWN);
      await page.keyboard.press(key);
      // Beside the list a session is always open, and the form of a new one takes the focus.
      await holds(page, "location.hash.startsWith('#/s/') || document.activeElement.name === 'task'");
      const after = await page.evaluate<string>(SHOWN);
      const outcome = after === before ? 'nothing' : after;
      keysOf.set(outcome, [...(keysOf.get(outcome) ?? []), key]);
    }
    for (const [outcome, keys] of keysOf) lines.push(`${kind}, ${where}: ${keys.join(' ')} → ${outcome}`);
  }
  return lines;
}

test('on every kind of decision, wherever the focus is, a letter means what the list of keys says and chooses nothing, and a digit chooses only in the focused question', async () => {
  const lines: string[] = [];
  for (const kind of Object.keys(KINDS) as Kind[]) {
    await using scene = await openDecision(browser, kind);
    lines.push(...(await outcomesOn(scene.page, kind, scene.rig)));
    expect(await decidedIn(scene.rig)).toEqual([]);
    await scene.page.close();
  }
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../../../golden/page-keys.txt');
  const choosing = lines.filter((line) => /=[A-Z]/.test(line));
  expect(choosing.filter((line) => !/: (?:\d ?)+→ Q\d=[A-Z], focus/.test(line))).toEqual([]);
});

test('c leads to the words of the focused question, and what is typed there is its answer alone', async () => {
  await using scene = await openDecision(browser, 'options');
  const { rig, page } = scene;
  await page.keyboard.press('a');
  await page.keyboard.press('1');
  await page.keyboard.press('c');
  await holds(page, `${FOCUS}.name === 'Q2.text'`);
  await page.keyboard.type('The nearest ones');
  await page.keyboard.press('Escape');
  await page.keyboard.press('c');
  await page.keyboard.type('Both, in the order of the list');
  await page.keyboard.press('Control+Enter');
  await recordedIn(rig);
  expect(await answersIn(rig)).toEqual([
    'Q1: A',
    'Q2: The nearest ones',
    'Q3: Both, in the order of the list',
  ]);
});

test('a form that is half filled says how many answers it sends, asks once about the open one, and asks anew after a change', async () => {
  await using scene = await openDecision(browser, 'options');
  const { rig, page } = scene;
  const said = () => page.evaluate<string>("document.querySelector('#state').textContent");
  const label = () => page.evaluate<string>("document.querySelector('.gate .primary').textContent");
  const open = 'No answer yet to Q2, Q3. Send once more to send the rest.';
  for (const key of ['a', '2', 'Enter']) await page.keyboard.press(key);
  expect([await label(), await said()]).toEqual(['Send 1 of 3 answers', open]);
  // The second press of a double click is no answer to that.
  await page.evaluate("document.querySelector('.gate .primary').click()");
  expect(await said()).toMatch(/^This has just appeared/);
  await isReady(page, rig);
  await page.keyboard.press('1');
  expect([await label(), await said()]).toEqual(['Send 2 of 3 answers', '']);
  await page.keyboard.press('Enter');
  expect(await said()).toBe('No answer yet to Q3. Send once more to send the rest.');
  await isReady(page, rig);
  expect(await decidedIn(rig)).toEqual([]);
  await page.keyboard.press('Enter');
  await recordedIn(rig);
  expect(await answersIn(rig)).toEqual(['Q1: B', 'Q2: A']);
});
