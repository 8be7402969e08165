/** What a client shows people of a prompt: in its menu, and before the field of its argument. */
export interface PromptWords {
  title: string;
  /** Label of the argument, where there is one. */
  label?: string;
}

const SESSION = 'Name of the session';

/** By name, as clients get it. */
export const PROMPT_WORDS: Readonly<Record<string, PromptWords>> = {
  start: { title: 'Start a task', label: 'What to do, in your own words' },
  review_plan: { title: 'Review a plan', label: `${SESSION} (empty: the one that waits)` },
  morning_report: { title: 'Morning report' },
  cleanup: { title: 'Clean up', label: 'What to look through (empty: this branch)' },
  'create-plan': { title: 'Write a plan', label: 'What the plan should know' },
  dive: { title: 'Research a topic', label: 'Topic' },
  do: { title: 'Do a task', label: 'Task' },
  do2: { title: 'Do a task, best of two', label: 'Task' },
  dop: { title: 'Do a plan phase', label: 'Plan phase (empty: the first that is open)' },
  dop2: { title: 'Do a plan phase, best of two', label: 'Plan phase (empty: the first that is open)' },
  'multi-review': { title: 'Review a branch', label: 'Branch or pull-request URL (empty: this branch)' },
  'samocode-implement': { title: 'Run a session to its end', label: `${SESSION} (empty: the active one)` },
  'session-archive': { title: 'Archive a session', label: `${SESSION}, and documents to keep` },
  'session-continue': { title: 'Continue a session', label: `${SESSION}, or a part of it` },
  'session-start': { title: 'Open a session', label: 'Name or path' },
  'session-sync': { title: 'Update the overview' },
  task: { title: 'Define a task', label: 'Description of the task' },
};
