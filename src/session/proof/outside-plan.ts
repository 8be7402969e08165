import { parsePlan } from '../documents/plan.ts';

/** Which of the changed paths no `Files:` of a plan names. A plan that names none is about all of them. */
export function outsidePlanFiles(planText: string, changed: readonly string[]): string[] {
  const named = parsePlan(planText).phases.flatMap(({ files }) => files);
  if (named.length === 0) return [];
  return changed.filter((path) => !named.some((entry) => isNamed(entry, path)));
}

/** Whether an entry of `Files:` names a path: itself, a folder above it, or a pattern with `*` that fits. */
export function isNamed(entry: string, path: string): boolean {
  const folder = entry.replace(/\/+$/, '');
  if (folder === '' || folder === '.') return entry !== '';
  if (path === folder || path.startsWith(`${folder}/`)) return true;
  return entry.includes('*') && patternOf(entry).test(path);
}

function patternOf(name: string): RegExp {
  const parts = name.split(/(\*\*\/?|\*)/).map((part) => {
    if (part === '*') return '[^/]*';
    return part.startsWith('**') ? '.*' : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}
