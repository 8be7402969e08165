import { expect, test } from 'vitest';
import { pageKey } from '../../../../src/core/caller/facts/live-page.ts';
import { startRig } from '../../../support/session-rig.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { addressOf, browserOfFile, holds } from './browser.ts';
import {
  clickAtOnce,
  decidedIn,
  decisionScene,
  isReady,
  openDecision,
  openItemOf,
} from './decision-scene.ts';

const browser = browserOfFile();

/** Each question for the proof of the server takes a while, as from another machine. */
const SLOW_PROOF = `self.fetch = ((get) => async (path, init) => {
  if (String(path).startsWith('/proof')) await new Promise((resolve) => setTimeout(resolve, 300));
  return await get(path, init);
})(self.fetch)`;

test('a person who goes to another session and back before it was asked for finds the first one whole', async () => {
  await using scene = await decisionScene(['plan', 'blocked']);
  const [one, two] = scene.rigs;
  const page = await browser.tab(await addressOf(scene.web));
  await openItemOf(page, one);
  await page.evaluate(SLOW_PROOF);
  await page.evaluate(`location.hash = '#/s/${pageKey(two.paths)}'`);
  await holds(page, "document.querySelector('.gate') === null");
  await page.evaluate(`location.hash = '#/s/${pageKey(one.paths)}'`);
  await isReady(page, one);
  await page.locator('#p-head h1').waitFor();
});

test('a decision that appears in the session that is open cannot be made by the click that was under way', async () => {
  await using rig = await startRig({ at: 'asking', scenario: { rules: [] } });
  await using web = await serveWeb(rig.context('cli'));
  const page = await browser.tab(await addressOf(web));
  await isReady(page, rig);
  const clicked = clickAtOnce(page, '.gate [value=approve]');
  await rig.answer();
  await page.locator('#held button').click();
  expect(await clicked).toMatch(/^This has just appeared/);
  expect(await decidedIn(rig)).toEqual([]);
});

test('a draft stays beside a transcript that is read meanwhile, and its decision with it', async () => {
  await using scene = await openDecision(browser, 'plan');
  const { rig, page } = scene;
  const feedback = page.locator('.gate [name=feedback]');
  await feedback.fill('Name the ships too');
  await page.evaluate(`location.hash = '#/s/${pageKey(rig.paths)}/transcript/1'`);
  await page.locator('#p-transcript h1').waitFor();
  expect(await page.locator('.gate').count()).toBe(0);
  await page.goBack();
  await isReady(page, rig);
  expect([await feedback.inputValue(), await page.locator('#held button').count()]).toEqual([
    'Name the ships too',
    0,
  ]);
});
