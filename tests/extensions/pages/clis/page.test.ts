import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { makeProject } from '../../../support/project.ts';
import { reportedSession } from '../../../support/report-session.ts';
import { startRig } from '../../../support/session-rig.ts';
import { exchange, serveWeb, webOf } from '../../../support/web-rig.ts';
import { PAYLOADS } from '../unit/report/payloads.ts';
import { addressOf, browserOfFile, holds, openBrowser, type Page, visitOnly } from './browser.ts';

const browser = browserOfFile();

const saysIn = (page: Page, words: string) =>
  holds(page, `document.body.innerText.includes(${JSON.stringify(words)})`);

async function openOnly(page: Page): Promise<void> {
  await page.evaluate("location.hash = '#/'");
  await page.locator('.row').first().click();
  await page.locator('#p-head h1').waitFor();
}

test(
  'the address loses its code at once, a new tab takes the key from an open one, and another person gets none',
  ci,
  async () => {
    await using web = await webOf(await makeProject());
    const used = await addressOf(web);
    const page = await browser.tab(used);
    await saysIn(page, 'There are no sessions.');
    expect(page.url()).toBe(`${web.served.address}#/`);
    expect(await page.evaluate('document.cookie + JSON.stringify({ ...localStorage })')).toBe('{}');
    const second = await browser.tab(web.served.address);
    await saysIn(second, 'There are no sessions.');
    await using other = await openBrowser();
    const stranger = await other.tab(web.served.address);
    await saysIn(stranger, 'samocode web --open');
    const late = await other.tab(used);
    await saysIn(late, 'This code is wrong, has been used, or is older than 30 seconds.');
    expect(late.url()).toBe(`${web.served.address}#/`);
    expect(other.mishaps).toEqual([]);
  },
);

test('six digits open the page of another device; wrong ones are refused there, and five of them end the code', async () => {
  await using web = await webOf(await makeProject());
  await using other = await openBrowser();
  const page = await other.tab(`${web.served.address}#/new`);
  const type = async (digits: string) => {
    await page.locator('#key input').fill(digits);
    await page.locator('#key button').click();
  };
  await saysIn(page, 'This page has no key yet.');
  const digits = await web.newCode('digits');
  for (let by = 1; by < 6; by += 1) {
    await page.evaluate("document.querySelector('#key output').textContent = ''");
    await type(String((Number(digits) + by) % 1_000_000).padStart(6, '0'));
    await saysIn(page, 'This code is wrong');
  }
  await page.evaluate("document.querySelector('#key output').textContent = ''");
  await type(digits);
  await saysIn(page, 'This code is wrong');
  await type(await web.newCode('digits'));
  await page.locator('textarea[name=task]').waitFor();
  expect([page.url(), other.mishaps]).toEqual([`${web.served.address}#/new`, []]);
});

test('the key is in no history of a browser: what its profile keeps of the address is a code that was used', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  await using web = await serveWeb(context);
  const address = await addressOf(web);
  const folder = join(repo.root, 'profile');
  const seen = await visitOnly(address, folder, (page) => saysIn(page, 'There are no sessions.'));
  const key = await web.key();
  expect(seen.filter((each) => each.includes(key))).toEqual([]);
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const histories = files.filter(
    (file) => file.isFile() && /^(?:History|Favicons|Session_|Tabs_)/.test(file.name),
  );
  const texts = await Promise.all(
    histories.map(
      async ({ name, parentPath }) => [name, await readFile(join(parentPath, name), 'latin1')] as const,
    ),
  );
  expect(texts.filter(([, text]) => text.includes(web.served.address)).map(([name]) => name)).toContain(
    'History',
  );
  expect(texts.filter(([, text]) => text.includes(key)).map(([name]) => name)).toEqual([]);
  const code = address.split('#c=')[1] ?? '';
  expect((await exchange(web, code)).status).toBe(403);
});

/** Everything that a script could wait for. */
const TOUCHED =
  "for (const each of document.querySelectorAll('[autofocus], summary, a')) { each.focus(); each.dispatchEvent(new MouseEvent('mouseover', { bubbles: true })); }";
const PLANTED = ['iframe', 'script', 'base', 'link', 'img[src^=http]', '[onload]', '[onerror]']
  .map((each) => `main ${each}, aside ${each}, dialog ${each}`)
  .join();

test('what an agent wrote runs nothing and asks no other server, on any part of the page', async () => {
  const also = PAYLOADS.filter((payload) => !/[\0\ud800]/.test(payload)).join(' ');
  const { project } = await reportedSession({ iterations: 10, also, transcriptChars: 400, ends: 'waiting' });
  await using web = await webOf(project);
  const page = await browser.tab(await addressOf(web));
  await openOnly(page);
  await page.locator('.gate').waitFor();
  const place = await page.evaluate<string>('location.hash');
  for (const tab of ['timeline', 'plan', 'questions', 'checks', 'changes', 'documents', 'acts']) {
    await page.evaluate(`location.hash = '${place}/${tab}'`);
    await holds(page, `document.querySelector('#tab-${tab}[aria-current]') !== null`);
    await page.evaluate("for (const each of document.querySelectorAll('summary')) each.click()");
    await holds(page, "[...document.querySelectorAll('.it[open] .in')].every((each) => each.firstChild)");
    await page.evaluate(TOUCHED);
    expect([tab, await page.locator(PLANTED).count()]).toEqual([tab, 0]);
  }
  await page.evaluate(`location.hash = '${place}/transcript/6'`);
  await page.locator('#p-transcript').locator('h1').waitFor();
  expect(await page.title()).toMatch(/samocode$/);
});

test('what an agent wrote runs nothing in a decision, its receipts and drafts, and on the page without a key', async () => {
  const also = PAYLOADS.filter((payload) => !/[\0\ud800]/.test(payload)).join(' ');
  const { project } = await reportedSession({ iterations: 5, name: 'planned', also, ends: 'planned' });
  await using _ = project.repo;
  for (const ends of ['waiting', 'blocked', 'done'] as const)
    await reportedSession({ iterations: 5, name: `is-${ends}`, also, ends, project });
  await using web = await serveWeb(project.context);
  const page = await browser.tab(await addressOf(web));
  await page.locator('[data-keeps] > li').nth(3).waitFor();
  const keys = await page.evaluate<string[]>(
    "[...document.querySelectorAll('[data-keeps] > li')].map(({ id }) => id.slice(2))",
  );
  const isHarmless = async () => {
    await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true");
    await page.evaluate(TOUCHED);
    expect(await page.locator(PLANTED).count()).toBe(0);
  };
  for (const key of keys) {
    await page.evaluate(`location.hash = '#/s/${key}'`);
    await holds(
      page,
      `document.querySelector('[data-item^="${key}"] .gate') !== null && document.body.dataset.fresh === undefined`,
    );
    await isHarmless();
    const field = page.locator('.gate textarea');
    if ((await field.count()) > 0) await field.first().fill(also);
    // No worker runs here, so every act is refused, in words about the session.
    await page.evaluate("document.querySelector('.gate button')?.click()");
    await holds(page, "document.querySelector('form[aria-busy]') === null");
  }
  await page.locator('#drafts').click();
  await isHarmless();
  await page.evaluate("sessionStorage.removeItem('key'); location.reload()");
  await page.locator('#kept li').first().waitFor();
  await page.locator('#receipts li').first().waitFor({ state: 'attached' });
  await isHarmless();
});

test('a draft stays while the session changes, a plan that changed cannot be approved before its difference is shown, and the draft is kept', async () => {
  await using rig = await startRig({ at: 'planned' });
  await using web = await serveWeb(rig.context('cli'));
  const page = await browser.tab(await addressOf(web));
  await openOnly(page);
  const feedback = page.locator('.gate textarea[name=feedback]');
  await feedback.fill('Name the ships too');
  const { name } = await rig.readPlan();
  const path = join(rig.paths.sessionDir, name);
  await writeFile(path, (await readFile(path, 'utf8')).replace(/^(# .*)$/m, '$1, and the ships'));
  await saysIn(page, 'What you wrote is kept.');
  await holds(page, 'document.body.dataset.fresh === undefined');
  await page.locator('.gate button[value=approve]').press('Enter');
  expect(await page.locator('.gate').textContent()).not.toContain('and the ships');
  await page.keyboard.press('Enter');
  expect(await page.locator('.gate .changes pre').textContent()).toMatch(/^\+ .*and the ships$/m);
  expect(await feedback.inputValue()).toBe('Name the ships too');
  await feedback.fill('');
  await holds(page, 'document.body.dataset.fresh === undefined');
  await page.locator('.gate button[value=approve]').click();
  await rig.until(({ approvedPlan }) => approvedPlan !== undefined);
  const approval = (await rig.events()).find(({ type }) => type === 'plan_approved');
  expect(approval).toMatchObject({ by: { channel: 'web', client: 'without a guard', unconfirmed: true } });
});

test('a page whose server ended says so, and goes on with the next one', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  const first = await serveWeb(context);
  const page = await browser.tab(await addressOf(first));
  await saysIn(page, 'There are no sessions.');
  await page.locator('#find').fill('half a wo');
  await first.end();
  await saysIn(page, 'Connection lost');
  await using _second = await serveWeb(context, { port: first.port });
  await saysIn(page, 'Connected again.');
  expect(await page.locator('#find').inputValue()).toBe('half a wo');
  await page.reload();
  await saysIn(page, 'There are no sessions.');
});

test('a page sends its key to no program that takes the port of its server, says why a full server shows nothing, and keeps what is shown', async () => {
  const { repo, context } = await makeProject();
  await using _ = repo;
  const first = await serveWeb(context);
  const page = await browser.tab(await addressOf(first));
  await saysIn(page, 'There are no sessions.');
  await page.locator('#find').fill('half a wo');
  await first.end();
  // It has what the server says at its next port.
  await using elsewhere = await serveWeb(context);
  const heard: (string | undefined)[] = [];
  const thief = createServer(async ({ url = '', headers }, answer) => {
    heard.push(url, headers.authorization);
    answer.end((await elsewhere.askWithout(url)).text);
  });
  await new Promise<void>((resolve) => thief.listen(first.port, '127.0.0.1', resolve));
  await saysIn(page, 'Another program answers at this address, so the key was not sent.');
  expect(heard.filter((each) => each !== undefined && !/^\/proof\/[\w-]{32}$/.test(each))).toEqual([]);
  expect(await page.locator('#find').inputValue()).toBe('half a wo');
  thief.closeAllConnections();
  await new Promise((resolve) => thief.close(resolve));
  await elsewhere.end();
  await using second = await serveWeb(context, { port: first.port });
  const tabs = await Promise.all(Array.from({ length: 20 }, () => second.open('/')));
  const opened = await browser.tab(await addressOf(second));
  await saysIn(opened, 'Too many tabs are open: close one.');
  for (const tab of tabs) tab.close();
  await saysIn(opened, 'There are no sessions.');
  for (const each of [page, opened]) await saysIn(each, 'Connected again.');
  expect(await page.locator('#find').inputValue()).toBe('half a wo');
});
