import { readCommission } from './choose-job.ts';
import { shown } from './commands.ts';
import type { JobPhase } from './job.ts';
import { renderPlan } from './plan-text.ts';
import { note, type Scene, signal, writeDocument } from './scene.ts';

/** planning: the plan, new with every feedback, then a person's approval. */
export async function makePlan(scene: Scene): Promise<string> {
  const { job, decisions, task } = await readCommission(scene);
  const heeded = scene.feedback.replace(/\s+/g, ' ').trim();
  await scene.stage.say(
    heeded ? `A new plan, heeding: ${heeded}` : 'Three phases, each ending in a check that passes.',
  );
  const last = decisions.phases.length - 1;
  const name = await writeDocument(
    scene,
    'plan',
    renderPlan({
      title: job.title,
      created: scene.stamps.log,
      task,
      requirements: [...decisions.requirements, ...(heeded ? [`As asked for: ${heeded}`] : [])],
      context: decisions.context,
      phases: decisions.phases.map((phase, index) => ({
        name: phase.name,
        files: filesOf(phase),
        check: shown(phase.check),
        steps:
          heeded && index === last
            ? [...phase.steps, `Look again at what was asked for: ${heeded}`]
            : phase.steps,
      })),
      notes: [
        'Each phase is one commit, its checks first.',
        ...(heeded
          ? [
              `This plan answers the feedback “${heeded}”. A rehearsal cannot understand it; it carries it along.`,
            ]
          : []),
      ],
    }),
  );
  await note(scene, {
    lastAction: heeded ? 'Changed the plan as asked' : 'Made the plan',
    next: 'A person approves the plan',
    flow: `${heeded ? 'Plan changed as asked' : 'Plan created'} -> ${name}`,
    plan: name,
  });
  await signal(scene, { status: 'waiting', phase: 'planning', for: 'plan_approval' });
  return `Plan ready: ${name}`;
}

export function filesOf(phase: JobPhase): string[] {
  return [...new Set([...phase.checks, ...phase.code].map((edit) => edit.path))];
}
