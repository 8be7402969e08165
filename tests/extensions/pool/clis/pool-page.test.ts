import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { StatusFile } from '../../../../src/extensions/pool/membership/pool-status.ts';
import { statusPath } from '../../../../src/extensions/pool/membership/run-members.ts';
import { makeProject } from '../../../support/project.ts';
import { recordPool } from '../../../support/recorded-pool.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { violationsOn } from '../../pages/clis/axe-violations.ts';
import { addressOf, holds, openBrowser } from '../../pages/clis/browser.ts';

const LINK_IS_SHOWN = "document.querySelector('#to-pool') !== null";

test('the page shows the machines of a pool, and only where there is one', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  await using web = await serveWeb(context);
  await using browser = await openBrowser();
  const page = await browser.tab(await addressOf(web));
  await holds(page, "document.querySelector('#p-none') !== null");
  expect(await page.evaluate(LINK_IS_SHOWN)).toBe(false);
  const membership = await recordPool({ repo, context });
  const path = statusPath(membership, context);
  await mkdir(dirname(path), { recursive: true });
  const status = new StatusFile(path, systemClock);
  const entry = {
    id: '1',
    project: 'p',
    folder: 'hull',
    host: membership.login,
    ...{ state: 'a'.repeat(40), author: membership.login },
    epoch: 1,
    wanted: true,
    needs: [],
  };
  const at = new Date().toISOString();
  status.saw([{ ...entry, card: { status: 'running', phase: 'implementation', iteration: 3, at } }], []);
  const offer = { labels: ['claude'], slots: 2, level: 'guard', version: '1.0.0' } as const;
  const sign = { seenMsAgo: 4000, isLive: true, isRemoved: false };
  status.looked([{ id: 'anna', name: 'anna', ...offer, ...sign }]);
  status.write();
  await page.reload();
  await holds(page, LINK_IS_SHOWN);
  await page.locator('#to-pool').click();
  await holds(page, "document.querySelector('.pool li')?.textContent.includes('Sessions: hull') === true");
  expect(await page.locator('.pool li').textContent()).toMatch(
    /anna this machine[\s\S]*seen \d+ s ago · 1 of 2 slots used · claude · /,
  );
  expect(await violationsOn(page)).toEqual([]);
  const folder = process.env.SAMOCODE_SCREENSHOTS;
  for (const width of folder ? [360, 1280] : []) {
    await page.setViewportSize({ width, height: 700 });
    await writeFile(`${folder}/pool-${width}.png`, await page.screenshot({}));
  }
  expect([browser.mishaps, web.failures]).toEqual([[], []]);
});
