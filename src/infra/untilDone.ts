/** Runs `work` before whatever needs it, until it has succeeded once; those who come meanwhile wait for the same run. */
export const untilDone = (work: () => Promise<unknown>): (() => Promise<void>) => {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work().then(
      () => undefined,
      (error: unknown) => {
        running = undefined;
        throw error;
      },
    );
    return running;
  };
};
