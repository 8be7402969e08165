import { expect, test } from 'vitest';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import { type Bench, makeBench } from '../../../support/bench.ts';
import { eventually } from '../../../support/eventually.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { addressOf, browserOfFile, holds, type Page } from './browser.ts';

const browser = browserOfFile();

const WHOLE_MS = 1_200_000;

/** It is there, and so long that a click may be meant for it. */
async function appears(page: Page, selector: string): Promise<void> {
  await page.locator(selector).first().waitFor({ timeout: WHOLE_MS });
  await holds(page, 'document.body.dataset.fresh === undefined');
}

async function merged({ repo, sessionsDir, view }: Bench): Promise<void> {
  await eventually(async () => (await repo.git(['log', '--oneline', 'main'])).split('\n').length > 1);
  const [folder] = await sessionFolders(sessionsDir);
  if (folder !== undefined) expect((await view(folder)).state.status.kind).toBe('done');
}

test('a session goes from its start to its merge by mouse alone', async () => {
  await using bench = await makeBench();
  await using web = await serveWeb(bench.context);
  const page = await browser.tab(await addressOf(web));
  await page.locator('.side a[href="#/new"]').click();
  await appears(page, '.start');
  const task = page.locator('textarea[name=task]');
  await task.click();
  await page.keyboard.type('Give every boat a name');
  await page.locator('form[data-act=start] button').click();
  await appears(page, '.gate button[value=suggestions]');
  await page.locator('.gate button[value=suggestions]').click();
  await appears(page, '.gate button[value=approve]');
  await page.locator('.gate button[value=approve]').click();
  await appears(page, '.gate button[value=merge]');
  await page.locator('.gate button[value=merge]').click();
  await appears(page, 'form[data-act=finish] button');
  expect(await page.locator('.gate output').first().textContent()).toMatch(/merge/i);
  await page.locator('form[data-act=finish] button').click();
  await merged(bench);
  expect(web.failures).toEqual([]);
});

test('a session goes from its start to its merge by keyboard alone', async () => {
  await using bench = await makeBench();
  await using web = await serveWeb(bench.context);
  const page = await browser.tab(await addressOf(web));
  const { keyboard } = page;
  /** The way of a person without a mouse: on to the button that says so. */
  const tabTo = async (words: string) => {
    for (let step = 0; step < 80; step += 1) {
      if (
        await page.evaluate(
          `document.activeElement.matches('button') && document.activeElement.textContent.trim() === ${JSON.stringify(words)}`,
        )
      )
        return;
      await keyboard.press('Tab');
    }
    throw new Error(`No Tab leads to "${words}".`);
  };
  await page.locator('#find').waitFor();
  await keyboard.press('n');
  await holds(page, "document.activeElement.name === 'task' && document.body.dataset.fresh === undefined");
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
  await appears(page, '.gate button[value=merge]');
  await keyboard.press('f');
  await tabTo('Merge …');
  await keyboard.press('Enter');
  await appears(page, 'form[data-act=finish] button');
  await tabTo('Merge');
  await keyboard.press('Enter');
  await merged(bench);
  expect(web.failures).toEqual([]);
});
