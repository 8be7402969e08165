import { expect, test } from 'vitest';
import { rememberProject } from '../../../../src/core/project/finding/known-projects.ts';
import { sessionFolders } from '../../../../src/core/session/folder/session-list.ts';
import { makeBench } from '../../../support/bench.ts';
import { makeProject } from '../../../support/project.ts';
import { serveWeb, webOf } from '../../../support/web-rig.ts';
import { addressOf, browserOfFile, holds, type Page } from './browser.ts';

const browser = browserOfFile();

const saysIn = (page: Page, words: string) =>
  holds(page, `document.body.innerText.includes(${JSON.stringify(words)})`);

/** The form, once its task has the focus. */
async function toForm(page: Page): Promise<void> {
  await page.evaluate("location.hash = '#/new'");
  await holds(
    page,
    "document.activeElement.matches('.start [name=task]') && document.body.dataset.fresh === undefined",
  );
}

const valueIn = (page: Page, name: string) => page.locator(`.start [name=${name}]`).inputValue();

test('a refused start keeps every field, one that works opens its session, and its choices are offered next time', async () => {
  await using bench = await makeBench({ here: true });
  const { home: homeDir, clock } = bench.context;
  const other = { filePath: '/nowhere/.samocode', mainRepo: '/nowhere', sessions: '/nowhere/sessions' };
  // Used long before the bench's own, which the form offers first.
  await rememberProject(other, { homeDir, clock: { ...clock, now: () => 0 } });
  await using web = await serveWeb(bench.context);
  const page = await browser.tab(await addressOf(web));
  await saysIn(page, 'There are no sessions.');
  await toForm(page);
  await page.keyboard.type('Name the boats');
  await page.locator('.start [name=model]').fill('some-model');
  await page.locator('.start [name=maxHours]').fill('2');
  await page.locator('.start summary').click();
  await page.locator('.start [name=base]').fill('nowhere');
  await page.locator('.start .primary').click();
  await holds(page, "document.querySelector('.start output').textContent.includes('nowhere')");
  const kept = ['task', 'model', 'maxHours', 'base'].map((name) => valueIn(page, name));
  expect(await Promise.all(kept)).toEqual(['Name the boats', 'some-model', '2', 'nowhere']);
  expect(await page.evaluate('localStorage.length')).toBe(0);
  await page.locator('.start [name=base]').fill('');
  await page.locator('.start .primary').click();
  await holds(page, "/^#[/]s[/][0-9a-f]{12}$/.test(location.hash) && !!document.querySelector('#name')");
  await toForm(page);
  const order = '.start [name=after] optgroup:not([hidden], [disabled]) option';
  expect(await page.locator(order).count()).toBe(1);
  const offered = ['task', 'model', 'maxHours', 'base'].map((name) => valueIn(page, name));
  expect(await Promise.all(offered)).toEqual(['', 'some-model', '2', '']);
  await page.evaluate(`(({ project }) => {
    project.value = '/nowhere/.samocode';
    project.dispatchEvent(new Event('change', { bubbles: true }));
  })(document.querySelector('.start').elements)`);
  expect(await page.locator(order).count()).toBe(0);
});

test('the same form a second time leads to the session of the first, or starts a second one', async () => {
  await using bench = await makeBench({ here: true });
  await using web = await serveWeb(bench.context);
  const page = await browser.tab(await addressOf(web));
  const start = async () => {
    await toForm(page);
    await page.keyboard.type('Name the boats');
    await page.keyboard.press('Control+Enter');
  };
  await start();
  await holds(page, "location.hash.startsWith('#/s/')");
  const first = await page.evaluate<string>('location.hash');
  await start();
  await saysIn(page, 'by the same form, so no second one was started.');
  expect(await valueIn(page, 'task')).toBe('Name the boats');
  expect(await page.locator(`a.button[href="${first}"]`).count()).toBe(1);
  await page.locator('button[name=again]').click();
  await holds(page, `location.hash.startsWith('#/s/') && location.hash !== '${first}'`);
  expect(await sessionFolders(bench.sessionsDir)).toHaveLength(2);
});

test('the task is six lines high and no field is wider than the screen, from 360 pixels on', async () => {
  await using web = await webOf(await makeProject());
  const page = await browser.tab(await addressOf(web));
  await toForm(page);
  await page.locator('.start summary').click();
  const lines =
    "(({ style, task }) => task.clientHeight / Number.parseFloat(style.lineHeight))({ style: getComputedStyle(document.querySelector('[name=task]')), task: document.querySelector('[name=task]') })";
  for (const width of [360, 720, 1280, 2560]) {
    await page.setViewportSize({ width, height: 900 });
    await holds(page, `innerWidth === ${width} && document.documentElement.scrollWidth <= ${width}`);
    expect(await page.evaluate(lines)).toBeGreaterThanOrEqual(6);
  }
});
