// @module-tag ci
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onEffects } from '../../../../../src/core/kernel/effects.ts';
import { runCommand } from '../../../../../src/core/kernel/processes/run-command.ts';
import { builtPrograms } from '../../../../support/built-programs.ts';
import { eventually } from '../../../../support/eventually.ts';
import { ANY_HIDDEN, HIDING } from '../../../../support/hidden-characters.ts';
import { makeProject, type TempProject } from '../../../../support/project.ts';
import { reportedSession } from '../../../../support/report-session.ts';
import { type WebPage, webPage } from '../../../../support/web-page.ts';

const BOATS = Array.from({ length: 20 }, (_, at) => `boat ${at}\n`).join('');

let project: TempProject;
let page: WebPage;

/** One commit on the branch of the session with every kind of change. */
async function commitKinds({ repo }: TempProject): Promise<void> {
  const long = Array.from({ length: 2400 }, (_, at) => `line ${at}\n`).join('');
  const put = (name: string, data: string) =>
    `M 100644 inline "${name}"\ndata ${Buffer.byteLength(data)}\n${data}\n`;
  const input = [
    'commit refs/heads/samocode/boat-names\ncommitter A <a@example.invalid> 1800000000 +0000\ndata 5\nkinds\n',
    'from refs/heads/samocode/boat-names^0\n',
    put('long.txt', long),
    put('logo.png', '\0\0\0'),
    put('<img src=x onerror=alert(1)>.md', '"><script>alert(1)</script>\n'),
    put(`a${'\u202e'}b.txt`, `${HIDING}\n`),
    put('quo\\"te\\ttab.txt', 'one\n'),
    'R boats/old.txt boats/new.txt\n',
    put('boats/new.txt', `${BOATS}last\n`),
  ].join('');
  await runCommand('git', ['fast-import', '--quiet'], { cwd: repo.path, env: repo.env, input });
}

beforeAll(async () => {
  project = await makeProject({ files: { 'boats/old.txt': BOATS } });
  await reportedSession({ iterations: 8, project });
  await commitKinds(project);
  page = await webPage(project.context);
});

afterAll(async () => {
  page[Symbol.dispose]();
  await project.repo[Symbol.asyncDispose]();
});

/** From where the page loads the diff of the file whose name contains `name`. */
async function addressOf(name: string, as = 'unified', on = page): Promise<string> {
  const [, ...files] = (await on.part('p-tab changes')).split('<details class="file"');
  const file = files.find((each) => each.includes(name)) ?? '';
  const address = /data-load="([^"]*)"/.exec(file)?.[1] ?? '';
  return address.replace('{as}', as).replaceAll('&amp;', '&');
}

async function opened(name: string, as = 'unified', on = page): Promise<string> {
  return await on.get(await addressOf(name, as, on));
}

test('the page of a session lists its changed files with their counts', async () => {
  const part = await page.part('p-tab changes');
  expect(part).toMatch(
    /<p class="sentence">\d+ files <ins>\+\d+<\/ins> <del>−0<\/del> since main at [0-9a-f]{8}</,
  );
  expect(part).toContain('<code>long.txt</code> <span class="stat"><ins>+2400</ins> <del>−0</del></span>');
  expect(part).toMatch(
    /<div class="file" id="d-\w+" dir="ltr"><code>logo.png<\/code> <span class="stat">binary<\/span>/,
  );
  expect(part).toContain('<code>docs/Häfen &lt;b&gt;');
});

test('the tree of files has each of them, and leads to it', async () => {
  const part = await page.part('p-tab changes');
  const [, tree = ''] = /<details class="tree"(.*?)<div class="files">/s.exec(part) ?? [];
  const places = [...tree.matchAll(/<a href="#([^"]*)"/g)].map(([, place = '']) => place);
  const listed = [...part.matchAll(/class="file" id="([^"]*)"/g)].map(([, id = '']) => id);
  expect(places).toEqual(listed);
});

test.each(['unified', 'side'])('a file is read when it is opened, %s', async (as) => {
  const table = await opened('src/pier-', as);
  expect(table).toMatch(as === 'side' ? /^<table class="patch side"/ : /^<table class="patch"/);
  expect(table).toMatch(/data-line="2" aria-label="Comment on line 2">2<\/button>/);
  expect(table).toContain("+export const boat0 = 'pier ");
});

test.each(['unified', 'side'])('the code of a diff has the colours of its language, %s', async (as) => {
  using coloured = await webPage({ ...project.context, programs: await builtPrograms() });
  // On a machine under load, a file can take too long.
  const table = await eventually(async () => {
    const found = await opened('src/pier-', as, coloured);
    return found.includes('class="t-') && found;
  });
  expect(table).toContain(
    '+<span class="t-keyword">export</span> <span class="t-keyword">const</span> boat0',
  );
});

test('a file of more than 2,000 lines says what to type', async () => {
  expect(await opened('long.txt')).toBe(
    '<p class="note">Too long to be shown here (2406 lines). In a terminal: <code dir="ltr">samocode diff boat-names long.txt</code></p>',
  );
});

test('names and lines of others are text, with characters that hide shown', async () => {
  const part = await page.part('p-tab changes');
  expect(part).toContain('<code>&lt;img src=x onerror=alert(1)&gt;.md</code>');
  expect(part).toContain('<code>a\\u202eb.txt</code>');
  expect(part).not.toMatch(ANY_HIDDEN);
  expect(await opened('&lt;img')).toContain('+"&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
  const hidden = await opened('a\\u202eb');
  expect(hidden).toContain('a\\u202eb');
  expect(hidden).not.toMatch(ANY_HIDDEN);
});

test('names that git quotes, and those beyond ASCII, lead to their diff', async () => {
  expect(await opened('quo&quot;te')).toContain('>+one<');
  expect(await opened('docs/Häfen')).toContain('data-file="docs/Häfen &lt;b&gt;');
});

test('a renamed file shows what changed in it alone, under its new name', async () => {
  const table = await opened('boats/new.txt');
  expect(table).toContain('data-file="boats/new.txt"');
  expect(table).toContain('>+last<');
  expect(table.match(/class="ins"/g)).toHaveLength(1);
});

test('git compares the opened file alone, whatever else the branch has changed', async () => {
  const address = await addressOf('boats/new.txt');
  const programs: string[] = [];
  using _ = onEffects(({ what }) => programs.push(what));
  await page.get(address);
  const compared = programs.filter((program) => / (?:diff|log|rev-list|status) /.test(program));
  expect(compared).toHaveLength(2);
  for (const each of compared)
    expect(each).toMatch(/ -- :\(top,literal\)boats\/new\.txt :\(top,literal\)boats\/old\.txt$/);
});

test('no address of a file leads out of the branch', async () => {
  for (const path of ['../../etc/passwd', '/etc/passwd', '.', '', ':(glob)**', 'a\0b']) {
    const answer = await page.ask(`/s/${page.key}/diff?as=side&path=${encodeURIComponent(path)}`);
    expect([path, await answer.text()]).toEqual([path, expect.stringMatching(/no longer differs|path/)]);
  }
});

test('a file that is no longer changed says so', async () => {
  expect(await page.get(`/s/${page.key}/diff?as=side&path=nothing.ts`)).toContain(
    'This file no longer differs',
  );
});
