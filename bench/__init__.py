"""Speed, measured as ratios against a peer or a floor in one run; run by hand and by `make bench`, never in a test."""
