import { expect, test } from 'vitest';
import { pageKey } from '../../../../src/core/caller/facts/live-page.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { workingSessions } from '../../../support/working-sessions.ts';
import { addressOf, browserOfFile, holds } from './browser.ts';

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
