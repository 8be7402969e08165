import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pageKey } from '../../../../../src/core/caller/facts/live-page.ts';
import { planHash } from '../../../../../src/core/session/documents/plan.ts';
import { sessionPaths } from '../../../../../src/core/session/layout/paths.ts';
import { ASKING, CREATED, PREPARED, writeEvents } from '../../../../core/unit/session/events.ts';
import { eventually } from '../../../../support/eventually.ts';
import { makeProject } from '../../../../support/project.ts';
import { serveWeb } from '../../../../support/web-rig.ts';

test('the page shows what the dive took from the chat above the questions, rendered and without its markup', async () => {
  const { repo, context, sessionsDir } = await makeProject();
  await using _repo = repo;
  const paths = sessionPaths(sessionsDir, '26-01-08-boats');
  const chat = { from: 'Codex', id: 'c1', turns: 2, text: '# The chat\n' };
  await writeEvents(paths, [CREATED, PREPARED, ASKING], undefined, { mainRepo: repo.path, chat });
  await mkdir(paths.sessionDir, { recursive: true });
  await writeFile(paths.qa, '# Q&A: Boats\n\n### Q1: Which?\nA) Kiel\nB) Bergen\n\n**Answer:** _waiting_\n');
  const dive = '## From the chat\n- Decided: **rivers** (turn 2) <script>\n\n## Key Findings\n';
  await writeFile(join(paths.sessionDir, '01-08-1020-dive-boats.md'), dive);
  await using web = await serveWeb(context);
  const tab = await web.open(`/s/${pageKey(paths)}`);
  const gate = await eventually(async () =>
    [...tab.parts.values()].find((part) => part.includes('from-chat')),
  );
  expect(gate).toMatch(
    /From the chat, as its agent read it[\s\S]*<strong>rivers<\/strong> \(turn 2\) &lt;script&gt;[\s\S]*Q1/,
  );
  tab.close();
});

test('the page shows what was not asked, and what leaves out testing, above everything that the plan says', async () => {
  const { repo, context, sessionsDir } = await makeProject();
  await using _repo = repo;
  const paths = sessionPaths(sessionsDir, '26-01-08-boats');
  const name = '01-08-1020-plan-boats.md';
  const plan =
    '# Plan: Boats\n\n### Phase 1: float\n- [ ] float\n\nTesting: in review - it <floats> anyway\n';
  const waits = { ...ASKING, for: 'plan_approval' as const, openQuestions: [], unasked: true as const };
  const asked = { ...waits, resumePhase: 'implementation' as const, plan: { name, hash: planHash(plan) } };
  await writeEvents(paths, [CREATED, PREPARED, asked], undefined, { mainRepo: repo.path });
  await mkdir(paths.sessionDir, { recursive: true });
  await writeFile(join(paths.sessionDir, name), plan);
  await using web = await serveWeb(context);
  const tab = await web.open(`/s/${pageKey(paths)}`);
  const gate = await eventually(async () =>
    [...tab.parts.values()].find((part) => part.includes('Plan to approve')),
  );
  expect(gate).toMatch(
    /No agent had a question\.[\s\S]*Testing: in review - it &lt;floats&gt; anyway[\s\S]*Phase 1: float/,
  );
  tab.close();
});
