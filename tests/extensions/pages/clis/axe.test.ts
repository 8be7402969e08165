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
  for (const ends of ENDS) {
    const { paths } = await reportedSession({ iterations: 10, name: `ends-${ends}`, ends, project });
    places.push([ends, `#/s/${pageKey(paths)}`]);
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
  await go(places[1]?.[1] ?? '', "document.querySelector('.gate textarea') !== null");
  await page.locator('.gate textarea').first().fill('half an answer');
  const receipt = {
    id: 'x',
    key: 'new',
    act: 'start',
    words: 'Start',
    name: 'boats',
    state: 'gone',
    text: '',
  };
  await page.evaluate(`sessionStorage.setItem('receipts', '${JSON.stringify([receipt])}')`);
  await page.reload();
  for (const [name, place] of places) {
    await go(place, `document.querySelector('#name')?.textContent === 'ends-${name}'`);
    await page.locator('#p-tab').waitFor();
    found[name] = await violationsOn(page);
  }
  for (const tab of ['timeline', 'questions', 'plan', 'checks', 'documents', 'acts']) {
    await go(`${places[0]?.[1]}/${tab}`, `document.querySelector('#tab-${tab}[aria-current]') !== null`);
    found[tab] = await violationsOn(page);
  }
  await go(`${places[0]?.[1]}/transcript/2`, "document.querySelector('#p-transcript h1') !== null");
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
  expect(Object.keys(found)).toHaveLength(ENDS.length + 9);
  expect(Object.entries(found).filter(([, violations]) => violations.length > 0)).toEqual([]);
});
