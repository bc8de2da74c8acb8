// The child's half of the question-and-answer channel between the runner and its processes.

/**
 * @typedef {Record<string, (argument: any) => unknown>} Answers  one function per question
 */

/**
 * Answers the runner's questions one by one, and ends this process when the runner is gone, so that
 * no server outlives a bench that was killed.
 *
 * @param {Answers} answers
 */
export function answerQuestions(answers) {
  process.on('disconnect', () => process.exit(0));
  process.on(
    'message',
    async (/** @type {{id: number, question: string, argument: any}} */ asked) => {
      const { id, question, argument } = asked;
      try {
        const answer = await answers[question](argument);
        process.send?.({ id, answer });
      } catch (error) {
        process.send?.({ id, error: error instanceof Error ? error.stack : String(error) });
      }
    },
  );
  process.send?.({ ready: true });
}
