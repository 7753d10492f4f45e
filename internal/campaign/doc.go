// Package campaign attacks the whole program from outside: the program is killed at random moments, its store is
// damaged, and the servers that it speaks to are slow or repeat what they were told. All of the package is in the
// tests, which know commands, files and servers, and nothing of the packages inside. RTCBENCH_LONG=1 makes the counts
// those of a campaign.
package campaign
