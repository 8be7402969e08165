import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { serveWeb } from '../../../support/web-rig.ts';
import { addressOf, browserOfFile, holds, type Page } from './browser.ts';
import { decidedIn, isReady, openDecision, recordedIn, textOf } from './decision-scene.ts';

const browser = browserOfFile();

const SHOW = '#held button';
const CHANGES = '.gate .changes';

/** Replaces something in a file of a session, as a program does. */
async function edit(path: string, from: RegExp, to: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  expect(text).toMatch(from);
  await writeFile(path, text.replace(from, to));
}
const planOf = async (rig: SessionRig) => join(rig.paths.sessionDir, (await rig.readPlan()).name);

/** In the window, and covered by nothing. */
const isInView = (page: Page, selector: string) =>
  holds(
    page,
    `(() => {
      const shown = document.querySelector(${JSON.stringify(selector)});
      const { left, top, width, height } = shown.getBoundingClientRect();
      const at = document.elementFromPoint(left + Math.min(width / 2, 20), top + height / 2);
      return top >= 0 && top + height <= innerHeight && (shown.contains(at) || at?.contains(shown));
    })()`,
  );

/** Notes what a screen reader reads by itself: each change of a text that is a status. */
const NOTE_READ = `self.read = []; new MutationObserver((changes) => {
  const lines = new Set(changes.map(({ target }) => (target.closest ? target : target.parentElement)?.closest('[role=status]')));
  self.read.push(...[...lines].flatMap((each) => each?.innerText || []));
}).observe(document.body, { childList: true, characterData: true, subtree: true })`;

interface Exchange {
  button: string;
  /** What the person reads, and what takes its place. */
  shown: string;
  fresh: string;
  change(rig: SessionRig): Promise<void>;
}

const EXCHANGES: Readonly<Record<'plan' | 'options', Exchange>> = {
  plan: {
    button: '.gate [value=approve]',
    shown: 'Pier 9 has twelve boats',
    fresh: 'and the ships',
    change: async (rig) => await edit(await planOf(rig), /^(# .*)$/m, '$1, and the ships'),
  },
  options: {
    button: '.gate .primary',
    shown: 'Who',
    fresh: 'Which tables may be dropped?',
    change: async (rig) => await edit(rig.paths.qa, /^(#+ Q1:).*$/m, '$1 Which tables may be dropped?'),
  },
};

for (const width of [320, 1280])
  for (const kind of ['plan', 'options'] as const)
    test(`a shown gate (${kind}) that changes stays as it was read and decides nothing, says so once in view, and then shows what changed, ${width} px wide`, async () => {
      const { button, shown, fresh, change } = EXCHANGES[kind];
      await using scene = await openDecision(browser, kind);
      const { rig, page } = scene;
      await page.setViewportSize({ width, height: 700 });
      await page.evaluate(NOTE_READ);
      await page.evaluate("document.querySelector('.gate form').scrollIntoView({ block: 'end' })");
      await change(rig);
      await page.locator(SHOW).waitFor();
      await isInView(page, SHOW);
      // More that comes is held with it, and is not read out again.
      await scene.web.act(`/s/${await page.evaluate("location.hash.split('/')[2]")}/message`, {
        text: 'also',
      });
      await page.locator('.unread').waitFor();
      const text = await textOf(page, '.gate');
      expect([text.includes(shown), text.includes(fresh)]).toEqual([true, false]);
      expect(await page.evaluate(`document.querySelector('${button}').ariaDisabled`)).toBe('true');
      await page.locator(button).press('Enter');
      await page.locator('.gate textarea').last().press('Control+Enter');
      expect(await page.evaluate(`document.activeElement.matches('${SHOW}')`)).toBe(true);
      const read = await page.evaluate<string[]>('self.read');
      expect(read.filter((each) => !each.includes('Send'))).toEqual([
        'This has changed while you read. Show what changed',
      ]);
      await page.keyboard.press('Enter');
      await isInView(page, `${CHANGES} pre`);
      expect(await textOf(page, `${CHANGES} pre`)).toMatch(
        new RegExp(`^\\+ .*${fresh.replace('?', '\\?')}`, 'm'),
      );
      expect(await page.evaluate(`document.activeElement.closest('${CHANGES}') !== null`)).toBe(true);
      expect([await page.locator(SHOW).count(), await page.locator(CHANGES).count()]).toEqual([0, 1]);
      expect(await decidedIn(rig)).toEqual(['message']);
      await isReady(page, rig);
      if (kind === 'options') await page.locator('.gate [value=suggestions]').press('Enter');
      else await page.locator(button).press('Enter');
      await recordedIn(rig);
    });

const blocksWith = (reason: string) => [
  { act: 'signal-file', text: JSON.stringify({ status: 'blocked', reason, needs: 'human_decision' }) },
];

test('the story of a block stays while another chat continues the session, until its next block is shown beside it', async () => {
  const rules = [
    { when: { iteration: 1 }, do: blocksWith('Two boats share a name.') },
    { when: { iteration: 2 }, do: blocksWith('The list has no end.') },
  ];
  await using rig = await startRig({ phase: 'implementation', scenario: { rules } });
  await rig.until(({ status }) => status.kind === 'blocked');
  await using web = await serveWeb(rig.context('cli'));
  const page = await browser.tab(await addressOf(web));
  await isReady(page, rig);
  await rig.resume();
  await page.locator(SHOW).waitFor();
  await rig.until(({ status, progress }) => status.kind === 'blocked' && progress.totalIterations === 2);
  await holds(page, "/Blocked.*iteration 2/s.test(document.querySelector('#p-head').innerText)");
  expect(await textOf(page, '.gate')).toMatch(/Two boats/);
  expect(await textOf(page, '.gate')).not.toMatch(/The list has no end/);
  await page.locator(SHOW).click();
  expect(await textOf(page, `${CHANGES} pre`)).toMatch(
    /^- Two boats share a name\.\n\+ The list has no end\.$/m,
  );
});

test('a plan that is changed back may be approved again, and what this tab decides is followed at once and without a word', async () => {
  await using scene = await openDecision(browser, 'plan');
  const { rig, page } = scene;
  await page.evaluate(NOTE_READ);
  const path = await planOf(rig);
  const before = await readFile(path, 'utf8');
  await edit(path, /^(# .*)$/m, '$1, and the ships');
  await page.locator(SHOW).waitFor();
  await writeFile(path, before);
  await page.locator(SHOW).waitFor({ state: 'detached' });
  for (const key of ['a', 'Enter']) await page.keyboard.press(key);
  await recordedIn(rig);
  await holds(page, "document.querySelector('.gate') === null");
  const read = await page.evaluate<string[]>('self.read');
  expect(read.filter((each) => each.includes('changed'))).toHaveLength(1);
});

test('the line about a lost connection is in view wherever the person reads, on a phone and on a wide screen', async () => {
  await using scene = await openDecision(browser, 'plan');
  const { page, web } = scene;
  await web.end();
  for (const width of [320, 1280]) {
    await page.setViewportSize({ width, height: 600 });
    await page.evaluate("document.querySelector('.gate').scrollIntoView({ block: 'center' })");
    await holds(page, "document.querySelector('#state').textContent.startsWith('Connection lost')");
    await isInView(page, '#state');
  }
});

test('the group of a question is named by its question, and an option by its key and its words', async () => {
  await using scene = await openDecision(browser, 'options');
  const tree = await scene.page.locator('.gate form').ariaSnapshot();
  expect(tree.match(/(?:group|radio) .*/g)).toMatchInlineSnapshot(`
    [
      "group "Q1 Who will read the document? It decides how the document begins.":",
      "radio "1 A someone new to the project"",
      "radio "2 B its maintainers suggested"",
      "radio "3 C nobody: it is a trial"'",
      "group "Q2 Which part of the repository matters most for this task? The document names it.":",
      "radio "1 A all of it suggested"",
      "radio "2 B only the top level"",
      "radio "3 C only the tests"",
      "group "Q3 What would prove the work done? It becomes the last section of the document.":",
      "radio "1 A the repository's own tests pass suggested"",
      "radio "2 B a person has read the document"",
    ]
  `);
});
