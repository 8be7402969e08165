import { appendFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { pageKey } from '../../../../src/core/caller/facts/live-page.ts';
import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { fingerprint } from '../../../../src/core/kernel/files/fingerprint.ts';
import { rememberProject } from '../../../../src/core/project/finding/known-projects.ts';
import { trustFile } from '../../../../src/core/project/finding/trust.ts';
import { runRoot } from '../../../../src/core/session/layout/paths.ts';
import { eventually } from '../../../support/eventually.ts';
import { type RigPlan, type SessionRig, startRig } from '../../../support/session-rig.ts';
import { serveWeb, type WebRig } from '../../../support/web-rig.ts';
import { addressOf, type Browser, holds, type Page } from './browser.ts';

/** Real sessions, each in a separate project, on one page. */
export interface DecisionScene<Kinds extends readonly Kind[]> extends AsyncDisposable {
  rigs: { readonly [At in keyof Kinds]: SessionRig };
  web: WebRig;
}

/** What every agent does that a decision starts. */
const HANG = { act: 'hang' };
const HANGING = { rules: [{ when: {}, do: [HANG] }] };
const REASON = 'The harbour publishes no list of its boats, and two of them share a name.';
const BLOCKS = {
  act: 'signal-file',
  text: JSON.stringify({ status: 'blocked', reason: REASON, needs: 'human_decision' }),
};

export const KINDS = {
  options: async () => await startRig({ at: 'asking', scenario: HANGING }),
  free: async () => {
    const rig = await startRig({ at: 'asking', scenario: HANGING });
    const text = await readFile(rig.paths.qa, 'utf8');
    await writeFile(rig.paths.qa, text.replace(/^(?:[A-Z]\) .*|\*\*Suggestion:\*\*.*)\n/gm, ''));
    return rig;
  },
  plan: async () => {
    const rig = await startRig({ at: 'planned', scenario: HANGING });
    const { name } = await rig.readPlan();
    await appendFile(join(rig.paths.sessionDir, name), `\n## Notes\n\n${PLAN_NOTES}\n`);
    return rig;
  },
  blocked: async () => {
    const rules = [{ when: { iteration: 1 }, do: [BLOCKS] }, ...HANGING.rules];
    const rig = await startRig({ phase: 'implementation', scenario: { rules } });
    await rig.until(({ status }) => status.kind === 'blocked');
    return rig;
  },
  finished: async () => {
    const before = async ({ state, repo }: SessionRig) => {
      const path = (await state()).worktree?.path ?? '';
      const lines = Array.from({ length: 320 }, (_, at) => `export const boat${at} = 'ship ${at}';`);
      await writeFile(join(path, 'boats.ts'), `${lines.join('\n')}\n`);
      await repo.git(['add', '-A'], path);
      await repo.git(['commit', '--quiet', '-m', 'Name the boats'], path);
    };
    const rig = await startRig({ phase: 'done', before });
    await rig.until(({ status }) => status.kind === 'done');
    return rig;
  },
} as const satisfies Record<string, (plan?: RigPlan) => Promise<SessionRig>>;
export type Kind = keyof typeof KINDS;

const PLAN_NOTES = Array.from(
  { length: 14 },
  (_, at) =>
    `Pier ${at + 1} has twelve boats, of which four are sailing boats and two are older than the list itself; their names are read from the file of the harbour, compared without their accents, and shown beside the place.`,
).join('\n\n');

export async function decisionScene<const Kinds extends readonly Kind[]>(
  kinds: Kinds,
): Promise<DecisionScene<Kinds>> {
  const rigs: SessionRig[] = [];
  for (const kind of kinds) rigs.push(await KINDS[kind]());
  const [first] = rigs;
  if (first === undefined) throw new Error('An inbox needs a session.');
  for (const rig of rigs.slice(1)) await addTo(first, rig);
  const web = await serveWeb(first.context('cli'));
  return {
    // One for each kind.
    rigs: rigs as DecisionScene<Kinds>['rigs'],
    web,
    async [Symbol.asyncDispose]() {
      await web[Symbol.asyncDispose]();
      for (const rig of rigs) await rig[Symbol.asyncDispose]();
    },
  };
}

/** One session that waits for a decision, which is open on a tab. */
export async function openDecision(browser: Pick<Browser, 'tab'>, kind: Kind) {
  const scene = await decisionScene([kind]);
  const [rig] = scene.rigs;
  const page = await browser.tab(await addressOf(scene.web));
  await isReady(page, rig);
  return { ...scene, rig, page };
}

/**
 * Clicks on a button as soon as it is in the page, as a click that was under way does.
 * @returns what the page says then
 */
export function clickAtOnce(page: Page, selector: string): Promise<string> {
  return page.evaluate(`new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      const button = document.querySelector(${JSON.stringify(selector)});
      if (!button) return;
      observer.disconnect();
      button.click();
      resolve(document.querySelector('#state').textContent);
    }).observe(document.querySelector('#session'), { childList: true, subtree: true });
  })`);
}

/** Makes the project of a session known on the machine of another one. */
export async function addTo({ repo: { homeDir } }: SessionRig, { repo, paths }: SessionRig): Promise<void> {
  const { homeDir: home } = repo;
  const filePath = join(repo.path, '.samocode');
  const machine = { homeDir, clock: systemClock };
  // Its worker is started with this home, and finds its records there.
  const root = runRoot(paths.sessionsDir);
  const here = join(homeDir, relative(home, dirname(root)));
  await mkdir(here, { recursive: true });
  await symlink(root, join(here, basename(root)));
  await rememberProject({ filePath, mainRepo: repo.path, sessions: paths.sessionsDir }, machine);
  await trustFile(filePath, fingerprint(await readFile(filePath, 'utf8')), machine);
}

/** The decisions of a person on the page that its log has. */
export async function decidedIn(rig: SessionRig): Promise<string[]> {
  const events = await rig.events();
  return events.flatMap((event) =>
    event.type === 'command_accepted' && event.by.channel === 'web' ? [event.kind] : [],
  );
}

/** The answers of a person on the page that its log has, as `Q1: B`. */
export async function answersIn(rig: SessionRig): Promise<string[]> {
  const events = await rig.events();
  return events.flatMap((event) =>
    event.type === 'answers_recorded' && event.by.channel === 'web'
      ? event.answers.map(({ id, text }) => `${id}: ${text}`)
      : [],
  );
}

export async function recordedIn(rig: SessionRig): Promise<void> {
  await eventually(async () => (await decidedIn(rig)).length > 0);
}

/** Opens an item from its row, and waits until it may be decided. */
export async function openItemOf(page: Page, rig: SessionRig): Promise<void> {
  await page.locator(`#to-${pageKey(rig.paths)}`).click();
  await isReady(page, rig);
}

/** The item is shown, and so long that a key may be meant for it. */
export async function isReady(page: Page, rig: SessionRig): Promise<void> {
  const key = pageKey(rig.paths);
  await holds(
    page,
    `document.querySelector('[data-item^="${key}"] .gate') !== null && document.body.dataset.fresh === undefined`,
  );
}

export const textOf = (page: Page, selector: string) =>
  page.evaluate<string>(`document.querySelector('${selector}')?.innerText ?? ''`);

/** The receipts as they are shown. */
export const receiptsOf = (page: Page) =>
  page.evaluate<string[]>("[...document.querySelectorAll('#receipts li')].map((each) => each.textContent)");

/** Waits until the newest receipt is in this state. */
export async function receiptIs(page: Page, state: string): Promise<void> {
  await holds(page, `document.querySelector('#receipts li b')?.textContent === '${state}'`);
}

/** The number of words in an item that neither an agent nor the person has written. */
export const ownWordsOf = (page: Page) =>
  page.evaluate<string>(`(() => {
    const others = '[dir=auto], bdi, pre, code, .asked';
    const texts = ['head', 'gate'].flatMap((id) => {
      const walker = document.createTreeWalker(document.querySelector('#p-' + id), NodeFilter.SHOW_TEXT);
      const found = [];
      while (walker.nextNode()) found.push(walker.currentNode);
      return found;
    });
    const words = [];
    for (const { parentElement: place, data } of texts) {
      if (!place.checkVisibility() || (place.closest(others) && !place.closest('details.comment, small'))) continue;
      words.push(...data.split(/[^\\p{L}\\p{N}'$]+/u).filter(Boolean));
    }
    return words.join(' ');
  })()`);
