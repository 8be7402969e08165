import type { ActionContext } from '../../actions/acting/context.ts';
import { type DoctorCheck, fail, ok, warn } from '../../actions/preconditions/check.ts';
import { guardNow } from '../../actions/preconditions/sandbox-now.ts';
import type { SandboxLevel } from '../../base/sandbox-level.ts';
import type { Project } from '../../project/finding/open-project.ts';
import { areConfined } from '../../providers/registry.ts';
import { findGuardTool } from '../../providers/starting/make-guard.ts';
import { missingGuard } from '../../providers/starting/probe-guard.ts';

const ID = 'sandbox';

const IN_WORDS: Readonly<Record<Exclude<SandboxLevel, 'none'>, string>> = {
  guard:
    'guard: agents cannot reach the main checkout, the settings and hooks of git, other sessions or the records of gates',
  'best effort':
    'best effort: agents run in the guard, but as root, which has ways out; run samocode as another user for the whole of it',
  'provider sandbox': 'provider sandbox: the agent CLI confines its own commands',
};

/** At which level agents of this project would run: the guard is tried on its very folders. */
export async function sandboxCheck(
  project: Project | undefined,
  used: ReadonlySet<string>,
  context: ActionContext,
): Promise<DoctorCheck> {
  if (project === undefined) {
    const tool = findGuardTool(context.env);
    if (tool !== undefined) return ok(ID, `${tool.kind} is installed; run this in a project to test it`);
    const { why, hint } = missingGuard();
    return warn(ID, `none: ${why}, so agents would run with all of your rights.`, hint);
  }
  const { mainRepo, values } = project;
  const { sessions: sessionsDir, worktrees: worktreesDir, sandbox, permissions } = values;
  const settings = { sandbox, sandboxWrite: values.sandboxWrite };
  const now = await guardNow({ mainRepo, sessionsDir, worktreesDir, settings }, context);
  if (now.level !== 'none') return ok(ID, IN_WORDS[now.level]);
  if (sandbox === 'guard')
    return fail(ID, `SANDBOX is guard, but there is no guard here: ${now.why}.`, now.hint);
  if (areConfined([...used], permissions)) return ok(ID, IN_WORDS['provider sandbox']);
  return warn(ID, `none: ${now.why}, so agents run with all of your rights.`, now.hint);
}
