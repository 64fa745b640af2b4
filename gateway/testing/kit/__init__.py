"""The kit for authors of connectors, in or outside of this repository: begin one, check it, capture what a desk says."""
