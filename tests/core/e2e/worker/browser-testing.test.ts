import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listDocuments, readDocument } from '../../../../src/core/acts/reading/read-document.act.ts';
import { browserRecipe } from '../../../support/browser-recipe.ts';
import { ci } from '../../../support/ci.ts';
import { freePort } from '../../../support/free-port.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { tempDir } from '../../../support/temp-dir.ts';

/** A script writes its heading shortly after the page is loaded; one of its requests fails. */
const PAGE = `<!doctype html>
<title>Harbour</title>
<body style="background: #0a3d62; color: white; font: 24px sans-serif; padding: 2em">
<h1>Loading</h1>
<script>
  console.error('no wind');
  fetch('/tides').then(({ status }) =>
    setTimeout(() => { document.querySelector('h1').textContent = '3 boats afloat, tides ' + status; }, 300),
  );
</script>
`;
const APP = `import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
const page = readFileSync('index.html');
createServer(({ url }, response) => {
  response.writeHead(url === '/' ? 200 : 404, { 'content-type': 'text/html' });
  response.end(url === '/' ? page : '');
}).listen(Number(process.env.PORT), '127.0.0.1');
`;

/** The agent's findings in the files of the documented method, which it reports. */
const REPORT = `import { readFileSync, writeFileSync } from 'node:fs';
const [dir, sessionDir] = [process.env.BROWSER_DIR, process.env.REHEARSAL_SESSION_DIR];
const lines = (name) => readFileSync(dir + '/' + name, 'utf8').trim().split('\\n');
const heading = /<h1>(.*)<\\/h1>/.exec(lines('home.html').join())[1];
writeFileSync(sessionDir + '/01-08-1437-test-report-harbour.md', [
  '# Test report: harbour', '## Summary', 'pass', '## Run', '1st', '## Tests',
  '| page | seen | picture |', '|---|---|---|',
  '| / | ' + heading + ' | ![home](screens/home.png) |',
  '## Issues', ...lines('printed').map((line) => '- ' + line),
  '## Method', 'Headless Chromium of the machine: no MCP browser, no Playwright, no Puppeteer.',
  '## Environment', 'rehearsal', '## Recommendation', 'none', '',
].join('\\n'));
`;

const FILES = { 'index.html': PAGE, 'app.mjs': APP };

interface Tested extends AsyncDisposable {
  rig: SessionRig;
  url: string;
  sessionDir: string;
}

/** A session whose testing agent has tested a small application by the method in its prompt, one command at a time. */
async function tested({ sandbox, ends }: { sandbox: 'off' | 'guard'; ends: boolean }): Promise<Tested> {
  const scratch = await tempDir();
  const dir = scratch.path;
  const port = await freePort();
  // The agent finds the session folder in its environment; the shell expands it.
  const places = { dir, port, page: 'home', start: 'node app.mjs', sessionDir: '$REHEARSAL_SESSION_DIR' };
  const commands = await browserRecipe(places);
  const run = (command: string) => ({
    act: 'run',
    command: ['sh', '-c', `{ ${command}; } >> ${dir}/printed`],
  });
  const testing = [
    ...commands.slice(0, -1).map(run),
    run(`node ${dir}/report.mjs`),
    run(`curl -s -o ${dir}/still.html http://127.0.0.1:${port}/`),
    ...commands.slice(ends ? -1 : commands.length).map(run),
    { act: 'end', did: 'Tested', signal: { status: 'continue', phase: 'quality' } },
  ];
  await writeFile(join(dir, 'report.mjs'), REPORT.replace('process.env.BROWSER_DIR', JSON.stringify(dir)));
  const rig = await startRig({
    sandbox,
    lines: sandbox === 'off' ? {} : { SANDBOX_WRITE: dir },
    phase: 'testing',
    repo: { files: FILES },
    scenario: {
      rules: [
        { when: { phase: 'testing' }, do: testing },
        { when: {}, do: [{ act: 'hang' }] },
      ],
    },
  });
  await rig.until(({ progress }) => progress.phase === 'quality');
  expect(await readFile(join(dir, 'still.html'), 'utf8')).toBe(PAGE);
  return {
    rig,
    url: `http://127.0.0.1:${port}/`,
    sessionDir: rig.paths.sessionDir,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

const ROWS = [
  { sandbox: 'off', ends: true },
  { sandbox: 'guard', ends: false },
] as const;

// Fails without Chromium, like the tests of the guard without bubblewrap.
test.each(ROWS)(
  "a testing agent opens a page in the machine's Chromium and reports what it saw, sandbox $sandbox, its server ended by it: $ends",
  ci,
  async (row) => {
    await using session = await tested(row);
    const { rig, sessionDir, url } = session;
    const { names } = await listDocuments({ session: rig.file.folder }, rig.context());
    expect(names).toContain('screens/home.png');
    const read = { session: rig.file.folder, name: 'test-report' };
    const report = await readDocument(read, rig.context());
    const text = 'text' in report ? report.text : '';
    expect(text).toContain('| / | 3 boats afloat, tides 404 | ![home](screens/home.png) |');
    expect(text).toMatch(/- .*CONSOLE:\d+\] "no wind"/);
    expect(text).toMatch(/HTTP\/1\.1 200[\s\S]*\/tides[\s\S]*HTTP\/1\.1 404/);
    expect(text).toContain('Headless Chromium of the machine');

    const picture = await readFile(join(sessionDir, 'screens/home.png'));
    expect(picture.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
    expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([1280, 800]);
    expect(picture.length).toBeGreaterThan(5_000);
    expect(picture.length).toBeLessThan(500_000);
    expect(await readdir(join(sessionDir, 'screens'))).toEqual(['home.png']);

    const ended = (await rig.events()).filter((event) => event.type === 'iteration_ended').at(-1);
    expect(ended).toMatchObject({ phase: 'testing', ending: 'signalled' });
    await expect(fetch(url)).rejects.toThrow();
  },
);
