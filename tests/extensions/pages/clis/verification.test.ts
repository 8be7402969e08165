import { expect, test } from 'vitest';
import { eventually } from '../../../support/eventually.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { hangingCheck } from '../processes/web/hanging-check.ts';
import { addressOf, browserOfFile, holds } from './browser.ts';
import { receiptIs, receiptsOf, textOf } from './decision-scene.ts';

const browser = browserOfFile();

test('a verification that runs has a button that ends it, beside its form and in its receipt', async () => {
  await using scene = await hangingCheck();
  await using web = await serveWeb(scene.context);
  const page = await browser.tab(await addressOf(web));
  await page.evaluate(`location.hash = '#/s/${scene.key}'`);
  await page.locator('[data-key=v] > summary').click();
  await holds(page, 'document.body.dataset.fresh === undefined');
  for (const button of ['[data-act=verify] output button', '#receipts li button']) {
    await page.locator('[data-act=verify] .buttons button').click();
    await eventually(async () => (await scene.running()).length > 0);
    await page.evaluate("document.querySelector('#receipts details').open = true");
    await page.locator(button).first().click();
    await receiptIs(page, 'Not recorded');
    expect(await textOf(page, '[data-act=verify] output')).toBe('You ended it; nothing was changed.');
    expect((await receiptsOf(page))[0]).toMatch(/You ended it; nothing was changed\. Dismiss$/);
    await eventually(async () => (await scene.running()).length === 0);
  }
  expect(web.failures).toEqual([]);
});
