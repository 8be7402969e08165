import { expect, test } from 'vitest';
import { pageKey } from '../../../../src/core/caller/facts/live-page.ts';
import { addressOf, browserOfFile, holds } from './browser.ts';
import { decisionScene, isReady, openItemOf } from './decision-scene.ts';

const browser = browserOfFile();

const HEIGHT = (selector: string) => `document.querySelector('${selector}').getBoundingClientRect().height`;

test('with four projects the list keeps the open session when its name is pressed, on a phone it opens it, and letters choose at once, on any layout', async () => {
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
  await page.evaluate(
    `document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'и', code: 'KeyB', bubbles: true }))`,
  );
  expect(await page.evaluate("document.querySelector('.gate .option input:checked')?.value")).toBe('B');
  await page.evaluate(
    `document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'n', code: 'KeyN', isComposing: true, bubbles: true }))`,
  );
  expect(await page.evaluate('location.hash')).toBe(`#/s/${pageKey(asking.paths)}`);
});
