import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { pageKey } from '../../../../src/core/caller/facts/live-page.ts';
import { typed } from '../../../app/unit/cli/typed.ts';
import { makeProject } from '../../../support/project.ts';
import { reportedSession } from '../../../support/report-session.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { violationsOn } from './axe-violations.ts';
import { addressOf, holds, openBrowser } from './browser.ts';

const ENDS = ['done', 'waiting', 'planned', 'blocked', 'running', 'queued', 'stopped'] as const;
test('axe finds no violation on any page, in light and in dark, narrow and wide, and no page scrolls sideways', async () => {
  const project = await makeProject();
  await using _ = project.repo;
  const places: [name: string, place: string][] = [];
  const items: [name: string, place: string][] = [];
  for (const ends of ENDS) {
    const { paths } = await reportedSession({ iterations: 9, name: `ends-${ends}`, ends, project });
    places.push([ends, `#/s/${pageKey(paths)}`]);
    items.push([ends, `#/inbox/${pageKey(paths)}`]);
  }
  await using web = await serveWeb(project.context);
  await using browser = await openBrowser();
  const page = await browser.tab(await addressOf(web));
  const found: Record<string, string[]> = {};
  const go = async (place: string, isShown: string) => {
    await page.evaluate(`location.hash = '${place}'`);
    await holds(page, isShown);
  };
  // A receipt and a draft, which every page shows.
  await go(items[1]?.[1] ?? '', "document.querySelector('.gate textarea') !== null");
  await page.locator('.gate textarea').first().fill('half an answer');
  await page.evaluate("addReceipt({ id: 'x', key: 'new', act: 'start', words: 'Start', name: 'boats' })");
  const waiting = items.filter(([name]) => name !== 'running' && name !== 'stopped');
  for (const [name, place] of waiting) {
    await go(place, `document.querySelector('#item')?.textContent.includes('ends-${name}') === true`);
    found[`inbox, ${name}`] = await violationsOn(page);
  }
  await go('#/board', "document.querySelector('.card') !== null");
  found.board = await violationsOn(page);
  for (const [name, place] of places) {
    await go(place, `document.querySelector('#p-head h1')?.textContent === 'ends-${name}'`);
    found[name] = await violationsOn(page);
  }
  await go(`${places[0]?.[1]}/transcript/2`, "document.querySelector('#p-all h1') !== null");
  found.transcript = await violationsOn(page);
  await go('#/new', "document.querySelector('textarea[name=task]') !== null");
  found.new = await violationsOn(page);
  const output = join(project.repo.root, 'report.html');
  await typed(['report', 'ends-done', '--output', output], {
    cwd: project.repo.path,
    home: project.repo.homeDir,
  });
  await page.goto(pathToFileURL(output).href);
  found.report = await violationsOn(page);
  expect(Object.keys(found)).toHaveLength(ENDS.length + waiting.length + 4);
  expect(Object.entries(found).filter(([, violations]) => violations.length > 0)).toEqual([]);
});
