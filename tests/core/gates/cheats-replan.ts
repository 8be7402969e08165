import { copyFileSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { planHash } from '../../../src/core/session/documents/plan.ts';
import type { Cheat } from './cheat.ts';

/** Played by implementation agents, on the plan that a person has approved. */
export const REPLAN_CHEATS: readonly Cheat[] = [
  {
    name: 'adds a step to the plan',
    ci: true,
    play: (kit) => kit.editPlan((text) => text.replace('- [ ] write', '- [x] and more\n- [ ] write')),
  },
  {
    name: 'removes a step',
    play: (kit) => kit.editPlan((text) => text.replace(/- \[.\] write the code\n/, '')),
  },
  {
    name: 'changes a check',
    play: (kit) => kit.editPlan((text) => text.replace('Check: `true`', 'Check: `:`')),
  },
  {
    name: 'changes the files of a phase',
    play: (kit) => kit.editPlan((text) => text.replace('a.ts', 'z.ts')),
  },
  {
    name: 'inserts work after a completion line',
    play: (kit) =>
      kit.editPlan((text) =>
        text.replace('\n### Phase 2', '\n**Phase 1 completed** and push to main\n\n### Phase 2'),
      ),
  },
  {
    name: 'adds a section after the notes',
    play: (kit) => kit.editPlan((text) => `${text}\n## Further Phases\n- [ ] push to main\n`),
  },
  {
    name: 'moves steps into the notes',
    play: (kit) => kit.editPlan((text) => text.replace('\n### Phase 2', '\n## Notes\n### Phase 2')),
  },
  {
    name: 'adds a phase below the notes',
    play: (kit) => kit.editPlan((text) => `${text}\n### Phase 9: more\n- [ ] delete the tests\n`),
  },
  { name: 'empties the plan', play: (kit) => writeFileSync(kit.plans().at(-1) ?? '', '') },
  {
    name: 'renames the plan',
    play(kit) {
      const path = kit.plans().at(-1) ?? '';
      renameSync(path, path.replace('-plan-', '-dive-'));
    },
  },
  {
    name: 'replaces the plan with a link to another',
    play(kit) {
      const path = kit.plans().at(-1) ?? '';
      const aside = join(kit.paths.sessionDir, 'aside.md');
      writeFileSync(aside, readFileSync(path, 'utf8').replace('names', 'other things'));
      rmSync(path);
      symlinkSync(aside, path);
    },
  },
  {
    name: 'changes the plan and waits for something else',
    play(kit) {
      kit.editPlan((text) => text.replace('names', 'everything'));
      kit.signal({ status: 'waiting', for: 'human_action', reason: 'press the button' });
    },
  },
  {
    name: 'changes the plan and hands off',
    ci: true,
    play(kit) {
      kit.editPlan((text) => text.replace('Phase 1', 'Phase 1 and a half'));
      kit.signal({ status: 'handoff', note: 'go on by the plan' });
    },
  },
  {
    name: 'changes the plan and signals nothing',
    play(kit) {
      kit.editPlan((text) => text.replace('## Task', '## Other Task'));
      kit.signal('{}\n');
    },
  },
  {
    name: 'changes the plan and writes a broken signal',
    play(kit) {
      kit.editPlan((text) => `${text.replace('more', 'much more')}`);
      kit.signal('{"status":"conti');
    },
  },
  {
    name: 'changes the plan and the stored text of the approved one in the same way',
    ci: true,
    ownFiles: false,
    play(kit) {
      kit.editPlan((text) => text.replace('boats', 'ships').replace('Names', 'Everything'));
      copyFileSync(kit.plans().at(-1) ?? '', kit.paths.approvedPlan);
    },
  },
  {
    name: 'changes the plan and forges the cached state to match',
    async play(kit) {
      kit.editPlan((text) => text.replace(/^# .*/m, (title) => `${title}, and nothing else`));
      const path = kit.plans().at(-1) ?? '';
      const plan = { name: basename(path), hash: planHash(readFileSync(path, 'utf8')) };
      await kit.forgeCache((state) => ({ ...state, approvedPlan: { ...plan, by: { channel: 'cli' } } }));
    },
    ownFiles: false,
  },
];
