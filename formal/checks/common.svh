// What every checker with state shares.

// The first cycle is a reset; later ones are free, so a reset in the middle of work is covered. `begun` says that
// state is defined.
`define FORMAL_RESET \
  reg begun = 1'b0; \
  always @(posedge clock) begun <= 1'b1; \
  always @(*) if (!begun) assume (reset);
