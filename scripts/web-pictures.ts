// `tsx --import ./scripts/markdown-as-text.mjs scripts/web-pictures.ts`: draws the page in the browser for README and
// docs/web.md, at each width in light and in dark.
import './hand-over.ts';

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pageKey } from '../src/core/caller/facts/live-page.ts';
import { systemClock } from '../src/core/kernel/clock.ts';
import { sessionPaths } from '../src/core/session/layout/paths.ts';
import { addressOf, openBrowser, type Page } from '../tests/extensions/pages/clis/browser.ts';
import { makeProject } from '../tests/support/project.ts';
import { reportedSession } from '../tests/support/report-session.ts';
import { tempDir } from '../tests/support/temp-dir.ts';
import { serveWeb } from '../tests/support/web-rig.ts';
import { STORIES } from './picture-stories.ts';

// Otherwise set by the bundler.
Object.assign(globalThis, { __FAULTS__: false, __VERSION__: '0.3.0' });

const DOCS = 'docs/images';
const WIDTHS = [360, 768, 1280, 2560];
const THEMES = ['light', 'dark'] as const;
/** The height of each picture in the sheet that shows all of them. */
const SHOWN_HEIGHT = 560;

await using folder = await tempDir();
const project = await makeProject();
await using _ = project.repo;
for (const story of STORIES) await reportedSession({ ...story, project });
// Sets the clock to the evening of the day on which these sessions worked.
const behindMs = Date.now() - Date.UTC(2026, 0, 9, 6);
const clock = { ...systemClock, now: () => systemClock.now() - behindMs };
await using web = await serveWeb({ ...project.context, clock });
const pictured = pageKey(sessionPaths(project.sessionsDir, '26-01-08-import-csv'));

async function draw(page: Page, name: string, options: object = {}): Promise<void> {
  // The page updates its relative times once a second.
  await systemClock.sleep(1500);
  await page.screenshot({ path: join(folder.path, name), ...options });
}

for (const theme of THEMES)
  for (const width of WIDTHS) {
    await using browser = await openBrowser({ colorScheme: theme, viewport: { width, height: 1400 } });
    const page = await browser.tab(await addressOf(web));
    await page.evaluate(`{ const now = Date.now; Date.now = () => now() - ${behindMs}; }`);
    await page.locator('#list .row').first().waitFor();
    await page.evaluate("location.hash = '#/'");
    await draw(page, `list-${width}-${theme}.png`);
    await page.evaluate(`location.hash = '#/s/${pictured}'`);
    await page.locator(`[data-item^="${pictured}"] .gate`).waitFor();
    await draw(page, `session-${width}-${theme}.png`);
    if (width === 1280 && theme === 'light') {
      await page.setViewportSize({ width, height: 900 });
      await draw(page, 'web-list.png', { path: join(DOCS, 'web-list.png') });
    }
    if (browser.mishaps.length > 0) throw new Error(browser.mishaps.join('\n'));
  }

/** Draws all widths of each view into one small file. */
await mkdir(DOCS, { recursive: true });
await using browser = await openBrowser({ viewport: { width: 2020, height: 800 } });
for (const view of ['list', 'session']) {
  const image = (name: string) => `<img height="${SHOWN_HEIGHT}" src="${name}">`;
  const rows = THEMES.map((theme) =>
    WIDTHS.map((width) => image(`${view}-${width}-${theme}.png`)).join('\n'),
  );
  const sheet = join(folder.path, `${view}.html`);
  await writeFile(sheet, `<body style="background:#888;margin:8px">${rows.join('<br>')}`);
  const page = await browser.tab(`file://${sheet}`);
  await page.screenshot({
    path: join(DOCS, `web-${view}-widths.jpg`),
    type: 'jpeg',
    quality: 60,
    fullPage: true,
  });
}
