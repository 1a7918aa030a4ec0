/** The names of the commands. */

export namespace CommandIDs {
  export const show = 'gavip:show-launches';
  export const create = 'gavip:create-launch';
  export const open = 'gavip:open-launch';
  export const stop = 'gavip:stop-launch';
  export const extend = 'gavip:extend-launch';
  export const enlarge = 'gavip:enlarge-launch';
  export const refresh = 'gavip:refresh-launches';
  export const clear = 'gavip:clear-ended';
}

/** The domain of the translations. */
export const DOMAIN = 'gavip';

/** The id of the panel in the shell. */
export const PANEL = 'gavip-active';
