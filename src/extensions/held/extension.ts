import type { Extension } from '../../core/kernel/extension.ts';

export const HELD: Extension = {
  afterMerge: {
    look: async (...args) => (await import('./cost-by.act.ts')).lookAtAll(...args),
    textOf: async (...args) => (await import('./held-text.ts')).heldTextOf(...args),
    costBy: async (question, context) => {
      const [{ readCostBy }, { costByText }] = await Promise.all([
        import('./cost-by.act.ts'),
        import('./cost-by-text.ts'),
      ]);
      const report = await readCostBy(question, context);
      return { report, text: (output) => costByText(report, output) };
    },
  },
};
