/** The form of a rule over Kubernetes objects, and what several of them need. */
import type { Deployment, Manifests } from './kubernetesManifests.ts';

export interface ManifestRule {
  readonly name: string;
  /** @returns what is wrong, a line each. */
  readonly check: (manifests: Manifests) => string[];
  /** Each change of a good set breaks the rule, and exactly this is found. */
  readonly planted: readonly {
    readonly change: (manifests: Manifests) => unknown;
    readonly finds: readonly string[];
  }[];
}

/** The findings of each deployment, with its name before each. */
export const forEachRole = ({ Deployment: all }: Manifests, wrong: (role: Deployment) => string[]): string[] =>
  all.flatMap((role) => wrong(role).map((finding) => `${role.metadata.name}: ${finding}`));

/** The findings whose conditions do not hold. */
export const unmet = (conditions: Readonly<Record<string, boolean>>): string[] =>
  Object.entries(conditions).flatMap(([finding, holds]) => (holds ? [] : [finding]));
