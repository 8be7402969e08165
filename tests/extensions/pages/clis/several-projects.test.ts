import { expect, test } from 'vitest';
import { pageKey } from '../../../../src/core/caller/facts/live-page.ts';
import { addressOf, browserOfFile, holds } from './browser.ts';
import { inboxScene, isReady, openItemOf } from './inbox-scene.ts';

const browser = browserOfFile();

const HEIGHT = (selector: string) => `document.querySelector('${selector}').getBoundingClientRect().height`;

test('with four projects the inbox keeps its item when Inbox is pressed again, its count in one line, and letters choose at once, on any layout', async () => {
  await using scene = await inboxScene(['options', 'plan', 'plan', 'plan']);
  const [asking] = scene.rigs;
  if (asking === undefined) return expect.fail('no session');
  const page = await browser.tab(await addressOf(scene.web));
  await openItemOf(page, asking);
  for (const width of [1280, 390, 320]) {
    await page.setViewportSize({ width, height: 800 });
    await page.evaluate("location.hash = '#/inbox'");
    await holds(page, `keyNow() === '${pageKey(asking.paths)}'`);
    await isReady(page, asking);
    expect(await page.evaluate(`${HEIGHT('#sum')} < 40`)).toBe(true);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    await page.evaluate("location.hash = '#/board'");
    await page.locator('.head.bar h1').waitFor();
    await holds(page, "document.querySelectorAll('.card').length >= 4");
    expect(await page.evaluate(`${HEIGHT('.head.bar .sentence')} < 80`)).toBe(true);
    await page.evaluate(`location.hash = '#/inbox/${pageKey(asking.paths)}'`);
    await isReady(page, asking);
  }
  await page.locator('.gate .buttons .primary').click();
  expect(await page.evaluate("document.querySelector('#state').textContent")).toMatch(/^Nothing is answered/);
  await page.evaluate('document.activeElement.blur()');
  await page.evaluate(
    `document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'и', code: 'KeyB', bubbles: true }))`,
  );
  expect(await page.evaluate("document.querySelector('.gate .option input:checked')?.value")).toBe('B');
  await page.evaluate(
    `document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'n', code: 'KeyN', isComposing: true, bubbles: true }))`,
  );
  expect(await page.evaluate('location.hash')).toBe(`#/inbox/${pageKey(asking.paths)}`);
  expect(browser.mishaps).toEqual([]);
  await page.close();
});
