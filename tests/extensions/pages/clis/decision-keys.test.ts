import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pageKey } from '../../../../src/core/caller/facts/live-page.ts';
import { eventually } from '../../../support/eventually.ts';
import { reportedSession } from '../../../support/report-session.ts';
import { webOf } from '../../../support/web-rig.ts';
import { addressOf, browserOfFile, holds } from './browser.ts';
import {
  addTo,
  clickAtOnce,
  decidedIn,
  decisionScene,
  isReady,
  KINDS,
  openDecision,
  openItemOf,
  receiptIs,
  recordedIn,
} from './decision-scene.ts';

const browser = browserOfFile();

const APPROVE = ".gate button[value='approve']";

test('a held or quickly repeated key approves one plan, and what comes right after an item has appeared decides nothing', async () => {
  await using scene = await decisionScene(['plan', 'plan']);
  const [one, two] = scene.rigs;
  const page = await browser.tab(await addressOf(scene.web));
  await openItemOf(page, one);
  const { keyboard } = page;
  const clicked = clickAtOnce(page, `[data-item^="${pageKey(two.paths)}"] [value=approve]`);
  for (const key of ['a', 'Enter', 'a', 'Enter']) await keyboard.press(key);
  await recordedIn(one);
  await holds(page, `location.hash === '#/s/${pageKey(two.paths)}'`);
  expect(await clicked).toMatch(/^This has just appeared/);
  await isReady(page, two);
  await page.evaluate('document.body.dataset.fresh = 1');
  await page.locator(APPROVE).press('Enter');
  await page.locator(APPROVE).press(' ');
  await page.evaluate('delete document.body.dataset.fresh');
  await keyboard.down('a');
  for (let times = 0; times < 5; times += 1) await keyboard.down('a');
  await keyboard.up('a');
  // The first press is on nothing, as when the item changes under a held key.
  await page.evaluate('document.activeElement.blur()');
  await keyboard.down('Enter');
  await page.evaluate(`document.querySelector("${APPROVE}").focus()`);
  for (let times = 0; times < 5; times += 1) await keyboard.down('Enter');
  await keyboard.up('Enter');
  await scene.web.act(`/s/${pageKey(two.paths)}/message`, { text: 'the first that arrives' });
  expect(await decidedIn(two)).toEqual(['message']);
  expect(await decidedIn(one)).toEqual(['approve']);
  await keyboard.press('Enter');
  await eventually(async () => (await decidedIn(two)).includes('approve'));
});

test('a new version of a plan that replaces the one under the pointer cannot be approved by the same click', async () => {
  await using scene = await openDecision(browser, 'plan');
  const { rig, page } = scene;
  const hash = await page.locator('.gate form:has([value=approve]) [name=hash]').inputValue();
  const clicked = clickAtOnce(page, `.gate form:not(:has([name=hash][value="${hash}"])) [value=approve]`);
  const path = join(rig.paths.sessionDir, (await rig.readPlan()).name);
  await writeFile(path, (await readFile(path, 'utf8')).replace(/^(# .*)$/m, '$1, and the ships'));
  await page.locator('#held button').click();
  expect(await clicked).toMatch(/^This has just appeared/);
  expect(await decidedIn(rig)).toEqual([]);
});

test('Ctrl Enter in a comment on a plan requests the changes, and a button whose act was refused keeps the focus', async () => {
  await using scene = await openDecision(browser, 'plan');
  const { rig, page } = scene;
  const change = '.gate button[value=changes]';
  await page.locator(change).press('Enter');
  await receiptIs(page, 'Not recorded');
  await holds(page, `document.activeElement.matches('${change}')`);
  await page.keyboard.press('c');
  await page.keyboard.type('Name the ships too');
  await page.keyboard.press('Control+Enter');
  await recordedIn(rig);
  expect(await decidedIn(rig)).toEqual(['request_changes']);
});

test('a list that changes moves neither a row nor the open item, nor the focus; new rows come last, and a decided one is marked', async () => {
  await using scene = await decisionScene(['options', 'plan', 'blocked']);
  const [asking, planned, blocked] = scene.rigs;
  const page = await browser.tab(await addressOf(scene.web));
  await page.setViewportSize({ width: 1280, height: 400 });
  await openItemOf(page, planned);
  await page.locator(`#to-${pageKey(blocked.paths)}`).press('Shift');
  await page.evaluate(
    "document.querySelector('.pane').scrollTo({ top: 300 }); self.item = document.querySelector('#p-gate > .gate')",
  );
  const shown = () =>
    page.evaluate<string>(`JSON.stringify({
      focus: document.activeElement.id,
      at: document.querySelector('.pane').scrollTop,
      isSame: document.querySelector('#p-gate > .gate') === self.item,
      rows: [...document.querySelectorAll('#g-needs-you > li')].slice(0, 3).map((row) => [row.id, row.getBoundingClientRect().top]),
    })`);
  const before = await shown();
  await using late = await KINDS.options();
  await addTo(asking, late);
  const row = `#r-${pageKey(late.paths)}`;
  await page.locator(row).waitFor();
  expect(await page.evaluate('document.querySelector("#g-needs-you").lastChild.id')).toBe(row.slice(1));
  expect(await shown()).toBe(before);
  await asking.answer();
  await holds(page, `document.querySelector('#r-${pageKey(asking.paths)}').matches('.decided')`);
  expect(await shown()).toBe(before);
});

test('single keys that are switched off do nothing, also after a reload; Tab and Enter decide as before', async () => {
  await using scene = await openDecision(browser, 'plan');
  const { rig, page } = scene;
  await page.keyboard.press('?');
  await page.locator('#single-keys').press(' ');
  await page.keyboard.press('Escape');
  await page.reload();
  await isReady(page, rig);
  const state = () =>
    page.evaluate<string>(
      "[location.hash, document.activeElement.id, document.querySelectorAll('dialog[open]').length].join()",
    );
  const before = await state();
  for (const key of 'jk/ibnxac?mrfvs') await page.keyboard.press(key);
  expect(await state()).toBe(before);
  for (let step = 0; step < 80; step += 1) {
    if (await page.evaluate(`document.activeElement.matches("${APPROVE}")`)) break;
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Enter');
  await recordedIn(rig);
  expect(await decidedIn(rig)).toEqual(['approve']);
  await page.evaluate('localStorage.clear()');
});

test('a session that begins to need the person notifies once on the page of a session and on the form of a new one, whose titles name what is open', async () => {
  const { project, paths } = await reportedSession({ iterations: 4, name: 'first', ends: 'done' });
  await using web = await webOf(project);
  const places = [`/s/${pageKey(paths)}`, '/new'];
  for (const [at, place] of places.entries()) {
    const page = await browser.tab(await addressOf(web));
    await page.evaluate(`self.shown = []; self.Notification = class {
      static permission = 'granted';
      constructor(title, { tag }) { self.shown.push([title, tag].join(' ')); }
    }; location.hash = '#${place}'`);
    await page.locator('#session h1').waitFor();
    await holds(page, `document.title.endsWith('${at === 0 ? 'first' : 'New session'} · samocode')`);
    const late = await reportedSession({ iterations: 4, name: `late-${at}`, ends: 'blocked', project });
    await holds(page, 'self.shown.length > 0');
    await holds(page, `document.title === '(${at + 1}) ${at === 0 ? 'first' : 'New session'} · samocode'`);
    expect(await page.evaluate('self.shown')).toEqual([`late-${at} ${pageKey(late.paths)}`]);
    await page.close();
  }
});
