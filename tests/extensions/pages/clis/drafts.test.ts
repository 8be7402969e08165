import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pageKey } from '../../../../src/core/caller/facts/live-page.ts';
import { configFolder } from '../../../../src/core/kernel/config-folder.ts';
import { type ReportedSession, reportedSession } from '../../../support/report-session.ts';
import { serveWeb, webOf } from '../../../support/web-rig.ts';
import { addressOf, browserOfFile, holds, type Page } from './browser.ts';
import { decidedIn, decisionScene, openDecision, openItemOf, receiptIs, textOf } from './decision-scene.ts';

const browser = browserOfFile();

/** The session that is open, and the notes that are not sent. */
const DRAFTS = `[location.hash.split('/')[2], ...Object.entries(sessionStorage)
  .flatMap(([name, kept]) => name.startsWith('draft ') ? [JSON.parse(kept).fields.note] : [])]`;

const FEEDBACK = '.gate [name=feedback]';
const COMMENT = '.gate details.comment textarea';

const go = (page: Page, place: string) => page.evaluate(`location.hash = '#${place}'`);
const valueIs = (page: Page, field: string, text: string) =>
  holds(page, `document.querySelector('${field}')?.value === ${JSON.stringify(text)}`);
const unsentIs = (page: Page, words: string) =>
  holds(page, `document.querySelector('#drafts').textContent === '${words}'`);

/** A session that waits with its plan, and one that asks; no worker would start. */
async function twoSessions(): Promise<Record<'planned' | 'asking', ReportedSession>> {
  const planned = await reportedSession({ iterations: 4, name: 'planned', ends: 'planned' });
  const { project } = planned;
  const asking = await reportedSession({ iterations: 4, name: 'asking', ends: 'blocked', project });
  return { planned, asking };
}

test('a draft survives Esc, the form of a new session, the name of the product, Back, another session, a reload and a restarted server, and is named until it is sent or deleted', async () => {
  const { planned, asking } = await twoSessions();
  const { context, repo } = planned.project;
  await using _ = repo;
  const first = await serveWeb(context);
  const [key, other] = [pageKey(planned.paths), pageKey(asking.paths)];
  const page = await browser.tab(await addressOf(first));
  await go(page, `/s/${key}`);
  await page.locator(FEEDBACK).click();
  await page.keyboard.type('Name the ships too');
  await page.locator('.gate details.comment summary').first().click();
  await page.locator(COMMENT).first().click();
  await page.keyboard.type('And the ferries');
  const isThere = async () => {
    await valueIs(page, FEEDBACK, 'Name the ships too');
    await valueIs(page, COMMENT, 'And the ferries');
    await unsentIs(page, 'Unsent 1');
    expect(await page.locator(COMMENT).first().isVisible()).toBe(true);
  };
  const isGone = () => holds(page, `document.querySelector('${FEEDBACK}') === null`);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await isThere();
  await page.keyboard.press('n');
  await isGone();
  await page.goBack();
  await isThere();
  await page.locator('.side h1 a').click();
  await isThere();
  await go(page, `/s/${other}`);
  await page.locator('.gate [name=note]').waitFor();
  await holds(page, `document.querySelector('#r-${key}').matches('.unsent')`);
  await holds(page, `!document.querySelector('#r-${other}').matches('.unsent')`);
  await go(page, `/s/${key}`);
  await isThere();
  await go(page, `/s/${key}`);
  await isThere();
  await page.reload();
  await isThere();
  await first.end();
  await holds(page, "document.querySelector('#state').textContent.startsWith('Connection lost')");
  await using _second = await serveWeb(context, { port: first.port });
  await holds(page, "document.querySelector('#state').textContent === 'Connected again.'");
  await isThere();
  await page.locator('#drafts').click();
  expect(await textOf(page, '#unsent')).toContain('Name the ships too');
  await page.keyboard.press('Escape');
  await page.locator(COMMENT).first().fill('');
  await page.locator(FEEDBACK).fill('');
  await holds(page, "document.querySelector('#drafts').hidden");
});

test('a tab whose key was revoked shows what is unsent and one field for the digits, which put it back into its form', async () => {
  const { planned } = await twoSessions();
  const { context, repo } = planned.project;
  await using _ = repo;
  const first = await serveWeb(context);
  const page = await browser.tab(await addressOf(first));
  await go(page, `/s/${pageKey(planned.paths)}`);
  await page.locator(FEEDBACK).fill('Name the ships too');
  await first.end();
  await rm(join(configFolder(context.home), 'web-key'));
  await using second = await serveWeb(context, { port: first.port });
  // It proves to be another server, so the tab sends it nothing until it is loaded again.
  await holds(page, "document.querySelector('#state').textContent.startsWith('Another program')");
  await page.reload();
  await page.locator('#key input').waitFor();
  expect(await textOf(page, '#kept')).toContain('Name the ships too');
  expect(await page.locator('#key input').count()).toBe(1);
  await page.locator('#key input').fill(await second.newCode('digits'));
  await page.keyboard.press('Enter');
  await valueIs(page, FEEDBACK, 'Name the ships too');
});

test('a tab that loses its key while an item is open shows the item again after the digits', async () => {
  const { planned } = await twoSessions();
  await using web = await webOf(planned.project);
  const page = await browser.tab(await addressOf(web));
  await go(page, `/s/${pageKey(planned.paths)}`);
  await page.locator(FEEDBACK).fill('Name the ships too');
  await page.evaluate("sessionStorage.setItem('key', 'revoked'); location.hash += '/acts'");
  await page.locator('#key input').fill(await web.newCode('digits'));
  await page.keyboard.press('Enter');
  await valueIs(page, FEEDBACK, 'Name the ships too');
  await page.locator('#list li').first().waitFor();
});

test('an answer that arrives while another item is open belongs to the session of its form, and changes neither the open item nor its draft', async () => {
  await using scene = await decisionScene(['blocked', 'blocked']);
  const [one, two] = scene.rigs;
  const page = await browser.tab(await addressOf(scene.web));
  const note = '.gate [name=note]';
  await openItemOf(page, two);
  await page.locator(note).fill('for the second');
  await openItemOf(page, one);
  await page.locator(note).fill('for the first');
  await page.evaluate(
    "self.fetch = ((get) => async (path, init) => { const answer = await get(path, init); if (init?.method === 'POST') await new Promise((resolve) => { self.arrive = resolve; }); return answer; })(self.fetch)",
  );
  await page.locator('.gate .primary').click();
  await holds(page, 'self.arrive !== undefined');
  await openItemOf(page, two);
  await valueIs(page, note, 'for the second');
  await page.evaluate('self.arrive()');
  await receiptIs(page, 'Recorded');
  await unsentIs(page, 'Unsent 1');
  await valueIs(page, note, 'for the second');
  expect(await page.evaluate(DRAFTS)).toEqual([pageKey(two.paths), 'for the second']);
  expect([await decidedIn(one), await decidedIn(two)]).toEqual([['resume'], []]);
});

test('comments stay with their steps in a new version of the plan, and those on a former step join the general text', async () => {
  const { planned } = await twoSessions();
  await using web = await webOf(planned.project);
  const page = await browser.tab(await addressOf(web));
  await go(page, `/s/${pageKey(planned.paths)}`);
  const write = async (step: string, text: string) =>
    await page.evaluate(`(() => {
      const item = [...document.querySelectorAll('.gate li.task')].find((each) => each.textContent.includes('${step}'));
      const field = item.querySelector('textarea');
      field.value = '${text}';
      field.dispatchEvent(new Event('input', { bubbles: true }));
    })()`);
  await page.locator(FEEDBACK).fill('In general');
  await write('refuse empty ones', 'Say why');
  await write('fonts', 'Which ones?');
  const path = join(planned.paths.sessionDir, '01-08-1030-plan-names.md');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('- [ ] fonts', '- [ ] three fonts').replace('the list', 'a long list'));
  await page.locator('#held button').click();
  await valueIs(page, FEEDBACK, 'In general\n\nOn a former step: Which ones?');
  expect(
    await page.evaluate(
      "[...document.querySelectorAll('.gate li.task')].filter((each) => each.querySelector('textarea')?.value).map((each) => [each.querySelector('textarea').value, each.textContent.includes('refuse empty ones')].join())",
    ),
  ).toEqual(['Say why,true']);
});

test('what is written while a message is under way is kept, and what was sent is not', async () => {
  await using scene = await openDecision(browser, 'options');
  const { page } = scene;
  await page.locator('.act[data-key=m] summary').click();
  const field = '.act[data-key=m] textarea';
  await page.locator(field).fill('Name the ships');
  await holds(page, 'document.body.dataset.fresh === undefined');
  await page.locator('.act[data-key=m] .primary').click();
  await page.locator(field).fill('Name the ships, and the ferries');
  await receiptIs(page, 'Recorded');
  await valueIs(page, field, 'Name the ships, and the ferries');
  await unsentIs(page, 'Unsent 1');
  await page.locator('.act[data-key=m] .primary').click();
  await valueIs(page, field, '');
});

test('a choice for one question is no answer to the question that replaced it; a text is kept and marked', async () => {
  await using scene = await openDecision(browser, 'options');
  const { rig, page } = scene;
  const path = rig.paths.qa;
  await page.locator('.gate .option input').first().click();
  await page.locator('.gate textarea').first().fill('as I said');
  await writeFile(
    path,
    (await readFile(path, 'utf8')).replace(/^(#+ Q1:).*$/m, '$1 Which tables may be dropped?'),
  );
  await page.locator('#held button').click();
  await holds(page, "document.querySelector('.gate').innerText.includes('Which tables may be dropped?')");
  await valueIs(page, '.gate textarea', 'as I said');
  expect(await page.locator('.gate .option input:checked').count()).toBe(0);
  expect(await textOf(page, '.gate')).toContain('written for an earlier version');
});

test('a tab takes no key from another tab that the server has refused, so that its digits can be typed', async () => {
  const { planned } = await twoSessions();
  const { context, repo } = planned.project;
  await using _ = repo;
  const first = await serveWeb(context);
  const [one, two] = [await browser.tab(await addressOf(first)), await browser.tab(await addressOf(first))];
  await go(one, '/');
  await go(two, '/');
  for (const page of [one, two]) await page.locator('#list').first().waitFor();
  await first.end();
  await rm(join(configFolder(context.home), 'web-key'));
  await using second = await serveWeb(context, { port: first.port });
  await holds(one, "document.querySelector('#state').textContent.startsWith('Another program')");
  await two.reload();
  await two.locator('#key input').fill(await second.newCode('digits'));
  await two.locator('#key button').click();
  await two.locator('#list li').first().waitFor();
});
