import { expect, test } from 'vitest';
import { sessionFolders } from '../../../../src/core/session/session-list.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { eventually } from '../../../support/eventually.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { addressOf, holds, openBrowser, type Page } from './browser.ts';

const WHOLE_MS = 1_200_000;

const appears = (page: Page, selector: string) =>
  page.locator(selector).first().waitFor({ timeout: WHOLE_MS });

async function merged({ repo, sessionsDir, view }: Bench): Promise<void> {
  await eventually(async () => (await repo.git(['log', '--oneline', 'main'])).split('\n').length > 1);
  const [folder] = await sessionFolders(sessionsDir);
  if (folder !== undefined) expect((await view(folder)).state.status.kind).toBe('done');
}

test('a session goes from its start to its merge by mouse alone', async () => {
  await using bench = await makeBench();
  await using web = await serveWeb(bench.context);
  await using browser = await openBrowser();
  const page = await browser.tab(await addressOf(web));
  await page.locator('a.button').click();
  const task = page.locator('textarea[name=task]');
  await task.click();
  await page.keyboard.type('Give every boat a name');
  await page.locator('form[data-act=start] button').click();
  await page.locator('.gate button[value=suggestions]').click({ timeout: WHOLE_MS });
  await appears(page, '.gate button[value=approve]');
  await page.locator('.gate button[value=approve]').click();
  await appears(page, 'details[data-key=f] button[value=merge], details[data-key=f] summary');
  await eventually(async () => (await page.locator('button[name=how][value=merge]').count()) > 0, {
    withinMs: WHOLE_MS,
  });
  await page.locator('details[data-key=f] > summary').click();
  await page.locator('button[name=how][value=merge]').click();
  await appears(page, 'form[data-act=finish] button');
  expect(await page.locator('details[data-key=f] output').first().textContent()).toMatch(/merge/i);
  await page.locator('form[data-act=finish] button').click();
  await merged(bench);
  expect([browser.mishaps, web.failures]).toEqual([[], []]);
});

test('a session goes from its start to its merge by keyboard alone', async () => {
  await using bench = await makeBench();
  await using web = await serveWeb(bench.context);
  await using browser = await openBrowser();
  const page = await browser.tab(await addressOf(web));
  const { keyboard } = page;
  /** The way of a person without a mouse: on to the button that says so. */
  const tabTo = async (words: string) => {
    for (let step = 0; step < 80; step += 1) {
      if (await page.evaluate(`document.activeElement.textContent.trim() === ${JSON.stringify(words)}`))
        return;
      await keyboard.press('Tab');
    }
    throw new Error(`No Tab leads to "${words}".`);
  };
  await page.locator('#find').waitFor();
  await keyboard.press('n');
  await holds(page, "document.activeElement.name === 'task'");
  await keyboard.type('Give every boat a name');
  await keyboard.press('Control+Enter');
  await appears(page, '.gate textarea');
  await keyboard.press('a');
  await holds(page, "document.activeElement.closest('.gate') !== null");
  await tabTo('Answer the rest as suggested');
  await keyboard.press('Enter');
  await appears(page, '.gate button[value=approve]');
  await tabTo('Approve the plan');
  await keyboard.press('Enter');
  await eventually(async () => (await page.locator('button[name=how][value=merge]').count()) > 0, {
    withinMs: WHOLE_MS,
  });
  await keyboard.press('f');
  await tabTo('Merge …');
  await keyboard.press('Enter');
  await appears(page, 'form[data-act=finish] button');
  await tabTo('Merge');
  await keyboard.press('Enter');
  await merged(bench);
  expect([browser.mishaps, web.failures]).toEqual([[], []]);
});
