import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { makeProject, type TempProject } from '../../../support/project.ts';
import { reportedSession } from '../../../support/report-session.ts';
import { serveWeb, type WebRig } from '../../../support/web-rig.ts';
import { addressOf, browserOfFile, holds, type Page } from './browser.ts';

const browser = browserOfFile();

const MODULE = Array.from({ length: 60 }, (_, at) => `export const boat${at} = 'ship ${at}'; // ${at}`);
const FILES: Readonly<Record<string, string>> = {
  'src/boats/list.ts': `${MODULE.join('\n')}\n`,
  'src/boats/deep/a/b/names.py': 'def names(boats):\n    return [boat.name for boat in boats]\n',
  [`src/${'a-very-long-name-'.repeat(8)}.md`]: `# Names\n\n${'long '.repeat(200)}\n${'x'.repeat(2000)}\n`,
};

let project: TempProject;
let web: WebRig;

beforeAll(async () => {
  project = await makeProject();
  await reportedSession({ iterations: 8, project });
  const put = ([name, data]: [string, string]) =>
    `M 100644 inline "${name}"\ndata ${Buffer.byteLength(data)}\n${data}\n`;
  const input = [
    'commit refs/heads/samocode/boat-names\ncommitter A <a@example.invalid> 1800000000 +0000\ndata 5\nfiles\n',
    'from refs/heads/samocode/boat-names^0\n',
    ...Object.entries(FILES).map(put),
  ].join('');
  const { repo } = project;
  await runCommand('git', ['fast-import', '--quiet'], { cwd: repo.path, env: repo.env, input });
  web = await serveWeb(project.context);
});

afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await project.repo[Symbol.asyncDispose]();
});

async function openSession(width: number): Promise<Page> {
  const page = await browser.tab(await addressOf(web));
  await page.setViewportSize({ width, height: 800 });
  await page.evaluate("location.hash = '#/'");
  await page.locator('.row').first().click();
  await page.locator('#tab-changes').click();
  await page.locator('#p-tab .file').first().waitFor();
  return page;
}

const LINK = `[...document.querySelectorAll('.tree a')].find((each) => each.textContent === 'list.ts')`;
const FILE = `document.querySelector('[data-file="src/boats/list.ts"]')`;

test('a file chosen in the tree by keyboard opens its diff at the top of the window', async () => {
  const page = await openSession(1280);
  await page.evaluate(`${LINK}.focus()`);
  await page.keyboard.press('Enter');
  await page.locator('.patch').waitFor();
  await holds(page, `${FILE}.open && ${FILE}.contains(document.activeElement)`);
  await holds(page, `Math.abs(${FILE}.getBoundingClientRect().top) < 120`);
});

test('the tree is a column on a wide screen, and above the files, folded, on a narrow one', async () => {
  const page = await openSession(1280);
  const box = (selector: string) => `document.querySelector('${selector}').getBoundingClientRect()`;
  await holds(page, `${box('.tree')}.right <= ${box('.files')}.left && ${LINK}.checkVisibility()`);
  await page.setViewportSize({ width: 1000, height: 800 });
  await holds(page, `${box('.tree')}.bottom <= ${box('.files')}.top && !${LINK}.checkVisibility()`);
  await page.locator('.tree > summary').click();
  await holds(page, `${LINK}.checkVisibility()`);
});

test('another part of the session opens whatever is written in the changes, which keep it', async () => {
  const page = await openSession(1280);
  await page.evaluate(`${LINK}.click()`);
  await page.locator('.patch [data-line]').first().click();
  await page.keyboard.type('Say what kind.');
  await page.locator('#tab-timeline').click();
  await page.locator('#p-tab .lanes').waitFor();
  expect(await page.locator('#held button').count()).toBe(0);
  await page.locator('#tab-changes').click();
  await page.locator('.remark textarea').waitFor();
  expect(await page.locator('.remark textarea').inputValue()).toBe('Say what kind.');
  await page.evaluate('sessionStorage.clear()');
});

test('with every file open, nothing of the changes is wider than a screen of 360 pixels', async () => {
  const page = await openSession(360);
  await page.evaluate(
    "for (const each of document.querySelectorAll('.tree, details.file')) { if (!each.open) each.querySelector('summary').click(); }",
  );
  await holds(
    page,
    "[...document.querySelectorAll('details.file > div')].every((each) => each.childElementCount > 0)",
  );
  expect(
    await page.evaluate(
      "[...document.querySelectorAll('#p-tab *')].filter((each) => each.getBoundingClientRect().right > 360).map((each) => each.outerHTML.slice(0, 200))",
    ),
  ).toEqual([]);
});
