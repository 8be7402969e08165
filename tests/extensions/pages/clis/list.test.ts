import { expect, test } from 'vitest';
import { pageKey } from '../../../../src/core/caller/facts/live-page.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { workingSessions } from '../../../support/working-sessions.ts';
import { addressOf, browserOfFile, holds } from './browser.ts';
import { decisionScene, isReady, openItemOf } from './decision-scene.ts';

const browser = browserOfFile();

const SESSIONS = 200;
const WORKING = 20;
const COUNTS = `document.querySelectorAll('#list li').length + ' ' + document.querySelectorAll('#g-working li').length`;

test('the list of 200 sessions of which 20 work loses no row and no draft, and answers keys meanwhile', async () => {
  await using work = await workingSessions(WORKING, SESSIONS - WORKING);
  const { context } = work.project;
  await using web = await serveWeb(context);
  const page = await browser.tab(await addressOf(web));
  await page.evaluate("location.hash = '#/'");
  await holds(page, `${COUNTS} === '${SESSIONS} ${WORKING}'`);
  const { keyboard } = page;
  await page.evaluate(`self.replaced = 0; new MutationObserver((all) => { self.replaced += all.length; })
    .observe(document.querySelector('#g-working'), { childList: true, subtree: true })`);
  await page.locator('#find').fill('draft of a filt');
  await holds(page, `document.querySelectorAll('#list li:not([hidden])').length === 0`);
  for (const session of work.sessions) await session.nextIteration();
  await holds(page, 'self.replaced >= 20');
  expect(await page.locator('#find').inputValue()).toBe('draft of a filt');
  await page.locator('#find').fill('');
  await page.locator('#find').press('Escape');
  for (let step = 0; step < 50; step += 1) {
    await keyboard.press('j');
    await work.sessions[step % WORKING]?.nextIteration();
  }
  expect(await page.evaluate(`document.querySelector('.row[aria-current]') !== null`)).toBe(true);
  for (const { paths, iteration } of work.sessions)
    await holds(
      page,
      `document.getElementById('r-${pageKey(paths)}').textContent.includes('iteration ${iteration()} ')`,
    );
  expect(await page.evaluate(COUNTS)).toBe(`${SESSIONS} ${WORKING}`);
  await page.keyboard.press('/');
  await keyboard.type('number-0199');
  await holds(page, `document.querySelectorAll('#list li:not([hidden])').length === 1`);
  expect(web.failures).toEqual([]);
});

const HEIGHT = (selector: string) => `document.querySelector('${selector}').getBoundingClientRect().height`;

test('with four projects the list keeps the open session when its name is pressed, on a phone it opens it, and digits choose on any layout', async () => {
  await using scene = await decisionScene(['options', 'plan', 'plan', 'plan']);
  const [asking] = scene.rigs;
  const page = await browser.tab(await addressOf(scene.web));
  await openItemOf(page, asking);
  for (const width of [1280, 390, 320]) {
    await page.setViewportSize({ width, height: 800 });
    // Alone on the screen, the list stays a list.
    await page.evaluate("location.hash = '#/'");
    if (width === 1280) await holds(page, `location.hash === '#/s/${pageKey(asking.paths)}'`);
    else await page.locator('#list .row').nth(3).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    if (width === 1280) expect(await page.evaluate(`${HEIGHT('.chips button')} < 40`)).toBe(true);
    else await openItemOf(page, asking);
    await isReady(page, asking);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  }
  await page.locator('.gate .buttons .primary').click();
  expect(await page.evaluate("document.querySelector('#state').textContent")).toMatch(/^Nothing is answered/);
  await page.evaluate('document.activeElement.blur()');
  const press = (key: string, code: string) =>
    page.evaluate(
      `document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: '${key}', code: '${code}', bubbles: true }))`,
    );
  await press('ф', 'KeyA');
  await press('۲', 'Digit2');
  expect(await page.evaluate("document.querySelector('.gate .option input:checked')?.value")).toBe('B');
  await page.evaluate(
    `document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'n', code: 'KeyN', isComposing: true, bubbles: true }))`,
  );
  expect(await page.evaluate('location.hash')).toBe(`#/s/${pageKey(asking.paths)}`);
});
