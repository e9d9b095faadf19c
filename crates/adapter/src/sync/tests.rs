mod by_hand;
mod convergence;
mod lapsing;
mod reconciling;
mod rules;
